// Traces: what they tell is what the tape computes, for every operation there is; and what happens where the network is wrong.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { Conv2D, Dense, Flatten, Input, Model, Sequential } from "../../../src/index.js";
import { ruleSourceOf, ruleSources } from "../../../src/inspect/files.js";
import { gradcheckCases } from "../../../src/inspect/gradcheck-cases.js";
import { randomInput } from "../../../src/inspect/gradcheck.js";
import { traceDot } from "../../../src/inspect/trace/dot.js";
import { formulaOf } from "../../../src/inspect/trace/formulas.js";
import { nudgesOf } from "../../../src/inspect/trace/nudge.js";
import { rulesOf } from "../../../src/inspect/trace/rules.js";
import type { Subject } from "../../../src/inspect/trace/subject.js";
import { traceText } from "../../../src/inspect/trace/text.js";
import { trace } from "../../../src/inspect/trace/trace.js";
import { meanSquaredError } from "../../../src/nn/losses.js";
import { mul, sum } from "../../../src/ops/index.js";
import { lasting } from "../../../src/tensor/scope.js";
import { grad, observeTape, tape, type TapeNode } from "../../../src/tensor/tape.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";

beforeAll(() => setBackend(new ReferenceBackend({ precision: "float64" })));
afterAll(() => setBackend(new ReferenceBackend({ precision: "float32" })));

const leaf = ({ shape, data }: { shape: readonly number[]; data: ArrayLike<number> }): Tensor => {
  const x = tensor(Float64Array.from(data), shape);
  x.requiresGrad = true;
  return x;
};

const dense = (): Subject => {
  const input = Input({ shape: [6] });
  const code = new Dense(3, { activation: "tanh", name: "code" }).apply(input);
  const model = new Model({ inputs: input, outputs: new Dense(6, { name: "out" }).apply(code) }).build();
  const x = leaf(randomInput([2, 6], 1));
  return { title: "small", model, inputs: [x], targets: [x.detach()], loss: meanSquaredError };
};

describe("every operation", () => {
  const sources = ruleSources();
  const cases = gradcheckCases();
  it.each(cases.map((c) => [`${c.operation} ${c.what}`, c] as const))("%s", async (_name, { f, inputs }) => {
    const xs = inputs.map(leaf);
    const y = f(...xs);
    const r = randomInput(y.shape, 7);
    const loss = sum(mul(y, tensor(Float64Array.from(r.data), y.shape)));
    const arrived = new Map<TapeNode, Tensor>();
    observeTape({ arrived: (node, dy) => void arrived.set(node, lasting(dy.detach())) }, () =>
      grad(loss, xs),
    );
    for (const node of tape(y)) {
      const formula = formulaOf(node.operation, node.inputs.length);
      expect(formula, node.operation).toBeDefined();
      const source = ruleSourceOf(sources, node.operation, node.inputs.length);
      expect(source?.text, node.operation).toMatch(/dy|derivative|\bg\b|ds|dz/);
      for (const rule of arrived.has(node) ? await rulesOf(node, arrived.get(node)!) : []) {
        const parts = rule.terms.map(({ dy, slope }) => dy * slope);
        const total = parts.reduce((a, b) => a + b, 0);
        if (rule.count <= rule.terms.length) expect(total).toBeCloseTo(rule.gradient, 6);
        else expect(parts.length).toBe(8);
      }
    }
  });
});

describe("a trace", () => {
  it("tells every node with its layer, value and gradient", async () => {
    const subject = dense();
    const told = await trace(subject);
    expect(told.nodes.map(({ operation }) => operation)).toEqual(
      ["matMul", "add", "tanh", "matMul", "add", "sub", "square", "mean"], // prettier-ignore
    );
    expect(told.nodes.map(({ call }) => (call === undefined ? undefined : told.calls[call].path))).toEqual(
      ["code", "code", "code", "out", "out", undefined, undefined, undefined], // prettier-ignore
    );
    const kernel = told.leaves.find(({ name }) => name === "code.kernel")!;
    const [expected] = grad(
      meanSquaredError(subject.model.call(subject.inputs[0]) as Tensor, subject.targets[0]),
      [subject.model.parameters().get("code.kernel")!],
    );
    expect(Array.from(kernel.gradient!)).toEqual(Array.from(await expected.data()));
    expect(Array.from(told.nodes[7].gradient!)).toEqual([1]);
    const kept = told.nodes[2].kept; // tanh's rule reads its output
    expect(kept).toEqual([{ ref: { node: 2 }, shape: [2, 3], bytes: 48 }]);
    expect(told.nodes[0].forward.map(({ kernel: name, flops }) => [name, flops])).toEqual([["matmul", 72]]);
  });

  it("finds the gradient that a nudge of the weight shows", async () => {
    const subject = dense();
    const told = await trace(subject);
    const nudges = await nudgesOf(subject, told);
    expect(nudges.length).toBeGreaterThan(4);
    for (const { gradient, difference } of nudges) expect(difference / gradient).toBeCloseTo(1, 2);
    const after = await trace(subject); // the weights are as they were
    expect(after.loss).toBe(told.loss);
  });

  it("as text and as a drawing", async () => {
    const told = await trace(dense());
    const text = traceText(told);
    expect(text).toContain("code Dense -> [2, 3]");
    expect(text).toMatch(/#2 tanh {2}#1 \[2, 3\] -> \[2, 3\]\s+y = tanh x/);
    expect(text).toMatch(
      /dx = dy · \(1 − y²\); {2}input 0 at \[\d, \d\]: Σ dy · slope = [−\d.e]+ · [−\d.e]+ = [−\d.e]+/,
    );
    const dot = traceDot(told);
    expect(dot).toMatch(/^digraph "small" \{/);
    expect(dot).toContain('subgraph cluster_1 { label="code Dense"');
    expect(dot.match(/n\d+ -> n\d+;/g)).toHaveLength(7);
  });

  it("ends where a shape is wrong, and names the layer", async () => {
    const model = new Sequential([
      new Conv2D(2, 3, { padding: "same" }),
      new Flatten(),
      new Conv2D(2, 3, { name: "wrong" }),
    ]);
    const x = leaf(randomInput([1, 4, 4, 1], 1));
    const told = await trace({ title: "", model, inputs: [x], targets: [x], loss: meanSquaredError });
    expect(told.loss).toBeUndefined();
    expect(told.nodes.map(({ operation }) => operation)).toEqual(["conv2d", "add", "reshape"]);
    expect(told.calls[told.failure!.call!].path).toBe("wrong");
    expect(traceText(told)).toMatch(/ended here in wrong \(Conv2D\), given \[1, 32\]: conv2d: .*\[1, 32\]/);
    expect(traceDot(told)).toContain("failure [color=red");
  });
});
