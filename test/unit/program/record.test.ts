import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import {
  add,
  conv2d,
  matMul,
  maximum,
  mean,
  minimum,
  mul,
  relu,
  reshape,
  sigmoid,
  square,
  sub,
  upsample2d,
} from "../../../src/ops/index.js";
import { printProgram } from "../../../src/program/print.js";
import { record } from "../../../src/tensor/record.js";
import { scope } from "../../../src/tensor/scope.js";
import { grad } from "../../../src/tensor/tape.js";
import { parameter, runInto, tensor, type Tensor } from "../../../src/tensor/tensor.js";

let backend: ReferenceBackend;
beforeEach(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
afterEach(() => backend.close());

function normal(shape: readonly number[], seed: number, scale = 1): [Float32Array, readonly number[]] {
  const stream = new RandomStream(seed, 0);
  return [
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal() * scale),
    shape,
  ];
}

/** A small convolutional autoencoder with a skip, biases, an upsampling and an Adam step: everything the passes rewrite. */
function makeNet({ upsample = true } = {}) {
  const p = [
    parameter(...normal([3, 3, 1, 4], 1, 0.3)),
    parameter(...normal([4], 2, 0.1)),
    parameter(...normal([3, 3, 4, 6], 3, 0.2)),
    parameter(...normal([3, 3, 6, 4], 4, 0.2)),
    parameter(...normal([4], 5, 0.1)),
    parameter(...normal([3, 3, 4, 1], 6, 0.2)),
  ];
  const zeros = () => p.map((t) => parameter(new Float32Array(t.size), t.shape));
  const [m, v] = [zeros(), zeros()];
  const x = tensor(...normal([2, 6, 4, 1], 7));
  const hyper = tensor([0.01, 0.9, 0.999, 1e-8, 0, 0.1, 0.001, 1]);
  const step = () => {
    const a = relu(add(conv2d(x, p[0], { padding: "same" }), p[1]));
    const b = relu(conv2d(a, p[2], { padding: 1, strides: upsample ? 2 : 1 }));
    const c = add(relu(add(conv2d(upsample ? upsample2d(b) : b, p[3], { padding: "same" }), p[4])), a);
    const y = sub(x, conv2d(c, p[5], { padding: "same" }));
    const loss = mean(square(sub(sigmoid(y), 0.3)));
    const gradients = grad(loss, p);
    const inPlace = p.flatMap((t, i) => [t, m[i], v[i]]);
    runInto("adamStep", [hyper, ...p.flatMap((t, i) => [t, gradients[i], m[i], v[i]])], inPlace, {});
    return { loss };
  };
  return { p, x, step };
}

const all = async (ts: readonly Tensor[]) => Promise.all(ts.map((t) => t.data()));

describe("record and replay", () => {
  async function sideBySide(
    upsample: boolean,
    compare: (replayed: ArrayLike<number>, eager: ArrayLike<number>) => void,
  ) {
    const [eager, replayed] = [makeNet({ upsample }), makeNet({ upsample })];
    const program = record(replayed.step);
    for (let step = 0; step < 4; step++) {
      const [data] = normal([2, 6, 4, 1], 100 + step);
      eager.x.write(data);
      replayed.x.write(data);
      using inner = scope();
      const loss = inner.keep(eager.step().loss);
      await program.run();
      compare(await program.outputs.loss.data(), await loss.data());
      const parameters = await all(eager.p);
      (await all(replayed.p)).forEach((values, i) => compare(values, parameters[i]));
    }
    program.dispose();
  }

  it("gives the same bits as eager execution, step after step", () =>
    sideBySide(false, (replayed, eager) => expect(replayed).toEqual(eager)));

  it("an upsampling folded into its convolution sums in another order, and agrees to rounding", () =>
    sideBySide(true, (replayed, eager) => {
      for (let i = 0; i < eager.length; i++) expect(replayed[i]).toBeCloseTo(eager[i], 5);
    }));

  it("folds biases, activations, upsampling and chains", () => {
    const stages = new Map<string, number>();
    let text = "";
    const program = record(makeNet().step, {
      watch: (pass, after) => {
        stages.set(pass, after.calls.length);
        text = printProgram(after);
      },
    });
    const kernels = program.program.calls.map((call) => call.kernel as string);
    expect(kernels).not.toContain("resize2d");
    expect(kernels).not.toContain("resize2dGrad");
    expect(text).toContain('"activation":"relu"');
    expect(text).toContain('"gradientOf":"relu"');
    expect(kernels.length).toBeLessThan(stages.get("as recorded")! * 0.6);
    program.dispose();
  });

  it("makes one call of two chains that meet", async () => {
    const [x, slope] = [tensor(...normal([1, 2, 3, 4], 1)), tensor(...normal([4], 2))];
    const prelu = () => add(maximum(x, 0), mul(slope, minimum(x, 0)));
    const recorded = record(() => ({ y: prelu() }));
    expect(recorded.program.calls.filter(({ kernel }) => kernel !== "fill")).toHaveLength(1);
    await recorded.run();
    expect(await recorded.outputs.y.data()).toEqual(await prelu().data());
    recorded.dispose();
  });

  it("keeps memory flat over replays, and gives it all back", async () => {
    const net = makeNet();
    const before = backend.memory();
    const program = record(net.step);
    await program.run();
    const during = backend.memory();
    for (let i = 0; i < 100; i++) await program.run();
    expect(backend.memory()).toEqual(during);
    program.dispose();
    expect(backend.memory()).toEqual(before);
  });

  it("returns tensors that share one storage, and tensors from outside", async () => {
    const w = parameter([[1, 2], [3, 4]]); // prettier-ignore
    const program = record(() => {
      const y = matMul(w, w);
      return { y, flat: reshape(y, [4]), w };
    });
    await program.run();
    expect([...(await program.outputs.flat.data())]).toEqual([7, 10, 15, 22]);
    expect(await program.outputs.y.data()).toEqual(await program.outputs.flat.data());
    expect(program.outputs.w).toBe(w);
    program.dispose();
    expect([...(await w.data())]).toEqual([1, 2, 3, 4]);
  });

  it("refuses to read or to write from inside", async () => {
    const w = parameter([1, 2]);
    await expect(async () => {
      let pending: Promise<unknown> | undefined;
      record(() => {
        const y = mul(w, 2);
        pending = y.data();
        return { y };
      });
      await pending;
    }).rejects.toThrow(/not known while a program is recorded/);
    const write = () => {
      w.write([3, 4]);
      return { w };
    };
    expect(() => record(write)).toThrow(/written while a program is recorded/);
  });
});
