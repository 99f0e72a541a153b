// Optimisers: memory, exact resumption, replay. Their numbers are held to PyTorch's in test/golden/models.test.ts.

import { describe, expect, it } from "vitest";
import { mul, square, sub, sum } from "../../../src/ops/index.js";
import {
  Adam,
  clipByGlobalNorm,
  constant,
  cosineDecay,
  globalNorm,
  GradientDescent,
  type Optimizer,
  SGD,
  stepDecay,
  warmUp,
} from "../../../src/optim/index.js";
import { record } from "../../../src/tensor/record.js";
import { scope } from "../../../src/tensor/scope.js";
import { grad } from "../../../src/tensor/tape.js";
import { parameter, tensor, type Tensor } from "../../../src/tensor/tensor.js";

describe("schedules", () => {
  it("are functions of the step", () => {
    expect([0, 9].map(constant(0.5))).toEqual([0.5, 0.5]);
    expect([0, 9, 10, 25].map(stepDecay(8, { every: 10, factor: 0.5 }))).toEqual([8, 8, 4, 2]);
    const cosine = cosineDecay(1, { steps: 100, final: 0.1 });
    expect(cosine(0)).toBe(1);
    expect(cosine(50)).toBeCloseTo(0.55, 12);
    expect(cosine(25)).toBeCloseTo(0.1 + 0.9 * ((1 + Math.SQRT1_2) / 2), 12);
    expect([100, 1000].map(cosine)).toEqual([0.1, 0.1]);
  });

  it("warm up", () => {
    const rates = [0, 1, 2, 3, 4, 13].map(warmUp(3, stepDecay(4, { every: 10 })));
    expect(rates).toEqual([1, 2, 3, 4, 4, 4 * 0.1]);
  });
});

/** Steps `from` to `to` (excluded) on sum (p - target)^2 q. */
function train(optimizer: Optimizer, parameters: Map<string, Tensor>, from: number, to: number): void {
  const target = tensor([1, 2, 3]);
  const [p, q] = [parameters.get("p")!, parameters.get("q")!];
  for (let step = from; step < to; step++)
    scope(() => {
      optimizer.beginStep(step);
      optimizer.apply(parameters, grad(sum(mul(square(sub(p, target)), square(q))), [p, q]));
    });
}

const fresh = () => new Map([["p", parameter([0, 0.5, -1])], ["q", parameter([1, 0.25, -0.5])]]); // prettier-ignore
const valuesOf = async (tensors: Map<string, Tensor>) =>
  Promise.all([...tensors].map(async ([name, t]) => [name, [...(await t.data())]] as const));

const kinds: [string, () => Optimizer][] = [
  ["Adam", () => new Adam(warmUp(4, cosineDecay(0.1, { steps: 20 })))],
  ["SGD", () => new SGD(0.01, { momentum: 0.9, nesterov: true, globalClipNorm: 1 })],
];

describe.each(kinds)("%s", (_name, make) => {
  it("resumes to the same bits from its state and the step", async () => {
    const [whole, parts] = [fresh(), fresh()];
    train(make(), whole, 0, 12);
    const first = make();
    train(first, parts, 0, 7);
    const second = make().build(parts);
    for (const [name, t] of first.state())
      second
        .state()
        .get(name)!
        .write(await t.data());
    train(second, parts, 7, 12);
    expect(await valuesOf(parts)).toEqual(await valuesOf(whole));
  });

  it("replays a recorded step to the same bits", async () => {
    const [eager, recorded] = [fresh(), fresh()];
    train(make(), eager, 0, 6);
    const optimizer = make().build(recorded);
    const [p, q] = [recorded.get("p")!, recorded.get("q")!];
    const target = tensor([1, 2, 3]);
    const program = record(() => {
      const loss = sum(mul(square(sub(p, target)), square(q)));
      optimizer.apply(recorded, grad(loss, [p, q]));
      return { loss };
    });
    for (let step = 0; step < 6; step++) {
      optimizer.beginStep(step);
      await program.run();
    }
    expect(await valuesOf(recorded)).toEqual(await valuesOf(eager));
    program.dispose();
  });

  it("starts from zeros, named by parameter and slot, and is freed", async () => {
    const parameters = fresh();
    const optimizer = make();
    expect(() => optimizer.state()).toThrow("made by build");
    const state = optimizer.build(parameters).state();
    for (const [name, t] of state) {
      expect(name).toMatch(/^[pq]\.(m|v|velocity)$/);
      expect([...(await t.data())]).toEqual([0, 0, 0]);
    }
    optimizer.dispose();
    expect([...state.values()].every((t) => t.disposed)).toBe(true);
  });

  it("refuses what does not fit", () => {
    const parameters = fresh();
    const optimizer = make();
    const g = tensor([1, 2, 3]);
    expect(() => optimizer.apply(parameters, [g])).toThrow("1 gradients for 2 parameters");
    expect(() => optimizer.apply(parameters, [g, tensor([1])])).toThrow('"q" has the shape [3]');
    expect(() => optimizer.apply(new Map([["new", parameter([1])]]), [tensor([1])])).toThrow(
      '"new" was not there',
    );
    expect(() => record(() => (make().build(parameters), {}))).toThrow("a program is being recorded");
  });
});

it("gradient descent is p - learningRate g", async () => {
  const parameters = new Map([["p", parameter([1, 2])]]);
  const optimizer = new GradientDescent(0.5);
  optimizer.beginStep(0);
  optimizer.apply(parameters, [tensor([2, -4])]);
  expect([...(await parameters.get("p")!.data())]).toEqual([0, 4]);
  optimizer.beginStep(1, 1); // a learning rate given for this step
  optimizer.apply(parameters, [tensor([2, -4])]);
  expect([...(await parameters.get("p")!.data())]).toEqual([-2, 8]);
});

it("clipping by the global norm keeps the direction and leaves small gradients alone", async () => {
  const gradients = [tensor([3, 0]), tensor([[4]])];
  expect(await globalNorm(gradients).item()).toBe(5);
  const clipped = clipByGlobalNorm(gradients, 2.5);
  expect([...(await clipped[0].data()), ...(await clipped[1].data())]).toEqual([1.5, 0, 2]);
  const untouched = clipByGlobalNorm(gradients, 5);
  expect([...(await untouched[0].data()), ...(await untouched[1].data())]).toEqual([3, 0, 4]);
  expect([...(await clipByGlobalNorm([tensor([0])], 1)[0].data())]).toEqual([0]);
});
