// Random calls of operations on shapes with zeros in them, and their gradients: every backend gives what the specification gives,
// or refuses what it refuses, with the same sentence. A crash of the process is a failure, too.
// How exact the backends are is not asked here: some of these gradients are small differences of large numbers.

import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { setBackend } from "../../src/backend/current.js";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { createWebgpuBackend } from "../../src/backend/webgpu/backend.js";
import { UserError } from "../../src/base/errors.js";
import { RandomStream } from "../../src/base/random-stream.js";
import * as ops from "../../src/ops/index.js";
import * as optim from "../../src/optim/index.js";
import { record } from "../../src/tensor/record.js";
import { scope } from "../../src/tensor/scope.js";
import { grad } from "../../src/tensor/tape.js";
import { parameter, type Tensor } from "../../src/tensor/tensor.js";
import { openOrSkip } from "./opened.js";

/** Draws from a stream: sizes that are often 0, options, and parameters. */
class Draw {
  private readonly stream: RandomStream;
  constructor(seed: number) {
    this.stream = new RandomStream(seed);
  }
  of<T>(choices: readonly T[]): T {
    return choices[this.stream.integer(choices.length)];
  }
  size(): number {
    return this.of([0, 0, 1, 2, 3, 5, 8]);
  }
  shape(rank = this.of([1, 2, 3, 4])): number[] {
    return Array.from({ length: rank }, () => this.size());
  }
  /** Numbers in [0.5, 1.5): no kinks, no ties. */
  parameter(shape: readonly number[]): Tensor {
    const length = shape.reduce((a, b) => a * b, 1);
    return parameter(
      Float32Array.from({ length }, () => 0.5 + this.stream.uniform()),
      shape,
    );
  }
}

type Made = { y: Tensor; xs: Tensor[] };
const images = (d: Draw) => d.parameter([d.of([0, 1, 2]), d.size(), d.size(), d.of([0, 1, 4, 16])]);
const one = (x: Tensor, y: Tensor): Made => ({ y, xs: [x] });

/** Each draws its operands in [rank] order and computes. */
const families: Record<string, (d: Draw) => Made> = {
  conv2d(d) {
    const x = images(d);
    const groups = d.of([1, 1, 2]);
    const w = d.parameter([d.of([1, 3]), d.of([0, 1, 3]), Math.floor(x.shape[3] / groups), d.of([0, 2, 32])]);
    const padding = d.of(["same", "valid", 1, 2] as const);
    const y = ops.conv2d(x, w, { groups, padding, strides: d.of([1, 2]), dilationRate: d.of([1, 2]) });
    return { y, xs: [x, w] };
  },
  conv2dTranspose(d) {
    const x = images(d);
    const w = d.parameter([d.of([1, 3]), d.of([0, 1, 3]), d.of([0, 2, 32]), x.shape[3]]);
    const padding = d.of(["same", "valid", 1, 2, 3] as const);
    return { y: ops.conv2dTranspose(x, w, { padding, strides: d.of([1, 2]) }), xs: [x, w] };
  },
  matMul(d) {
    const [m, k, n] = [d.size(), d.size(), d.size()];
    const [transposeA, transposeB] = [d.of([false, true]), d.of([false, true])];
    const batch = d.of([[], [0], [1], [2]]);
    const a = d.parameter([...batch, ...(transposeA ? [k, m] : [m, k])]);
    const b = d.parameter([...d.of([batch, [1]]), ...(transposeB ? [n, k] : [k, n])]);
    return { y: ops.matMul(a, b, { transposeA, transposeB }), xs: [a, b] };
  },
  binary(d) {
    const shape = d.shape();
    const [a, b] = [d.parameter(shape), d.parameter(shape.map((n) => d.of([n, n, 1])))];
    const f = d.of([ops.add, ops.sub, ops.mul, ops.div, ops.maximum, ops.pow]);
    return { y: f(a, b), xs: [a, b] };
  },
  unary(d) {
    const x = d.parameter(d.shape());
    return one(x, d.of([ops.relu, ops.sigmoid, ops.gelu, ops.log, ops.sqrt, ops.square])(x));
  },
  where(d) {
    const shape = d.shape();
    const [a, b] = [d.parameter(shape), d.parameter(shape.map((n) => d.of([n, 1])))];
    return { y: ops.where(ops.greater(d.parameter(shape), 1), a, b), xs: [a, b] };
  },
  reduce(d) {
    const x = d.parameter(d.shape());
    const axis = d.of([undefined, 0, -1, [0, x.rank - 1].slice(0, x.rank)]);
    return one(x, d.of([ops.sum, ops.mean, ops.max, ops.min])(x, { axis, keepDims: d.of([false, true]) }));
  },
  broadcastTo(d) {
    const shape = d.shape();
    const x = d.parameter(shape.map((n) => d.of([n, 1])));
    return one(x, ops.broadcastTo(x, [...d.of([[], [0], [2]]), ...shape]));
  },
  softmax(d) {
    const x = d.parameter(d.shape());
    return one(x, d.of([ops.softmax, ops.logSoftmax])(x));
  },
  normalize(d) {
    const x = d.parameter(d.shape());
    return one(x, ops.normalize(x, d.of([0, 1] as const)).y);
  },
  pool2d(d) {
    const x = images(d);
    const padding = d.of(["same", "valid", 1] as const);
    return one(x, d.of([ops.maxPool2d, ops.averagePool2d])(x, { poolSize: d.of([2, 3]), padding }));
  },
  resize2d(d) {
    const x = images(d);
    return one(x, ops.resize2d(x, [d.size(), d.size()], d.of(["nearest", "bilinear"] as const)));
  },
  fold(d) {
    const x = images(d);
    return one(x, d.of([ops.depthToSpace, ops.spaceToDepth])(x, d.of([1, 2])));
  },
  move(d) {
    const x = d.parameter(d.shape());
    const size = x.shape.map((n) => d.of([0, n]));
    return one(x, d.of([
      () => ops.transpose(x),
      () => ops.flip(x, 0),
      () => ops.slice(x, size.map(() => 0), size),
      () => ops.pad(x, size.map(() => [d.of([0, 1]), d.of([0, 2])] as const)),
      () => ops.concatenate([x, x], d.of([0, -1])),
      () => ops.flatten(x),
      () => ops.reshape(x, [-1]),
    ])()); // prettier-ignore
  },
  optimizer(d) {
    const xs = [d.parameter(d.shape()), d.parameter(d.shape()), d.parameter([3])];
    const optimizer = d.of([() => new optim.Adam(), () => new optim.SGD()])();
    optimizer.beginStep(0);
    optimizer.apply(new Map(xs.map((x, i) => [String(i), x])), xs.map((x) => ops.mul(x, 0.5))); // prettier-ignore
    const y = ops.concatenate(xs.map((x) => ops.reshape(x, [-1])));
    optimizer.dispose();
    return { y, xs };
  },
};

/** The call's result and gradients as numbers, or the sentence that refuses it. */
async function outcome(backend: Backend, family: string, seed: number) {
  setBackend(backend);
  using _all = scope();
  try {
    const { y, xs } = families[family](new Draw(seed));
    const gradients = grad(ops.sum(ops.mul(y, y)), xs);
    return await Promise.all([y, ...gradients].map(async (t) => ({ shape: t.shape, data: await t.data() })));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

/** The same as one recorded program, which is optimised before it runs. */
async function replayed(backend: Backend, family: string, seed: number) {
  setBackend(backend);
  using _all = scope();
  const draw = () => families[family](new Draw(seed));
  // The draw is repeated while recording: its parameters become constants of the program.
  const program = record(() => {
    const { y, xs: own } = draw();
    const gradients = grad(ops.sum(ops.mul(y, y)), own);
    return Object.fromEntries([y, ...gradients].map((t, i) => [String(i), t]));
  });
  await program.run();
  const results = Object.values(program.outputs);
  const read = await Promise.all(results.map(async (t) => ({ shape: t.shape, data: await t.data() })));
  program.dispose();
  return read;
}

type Outcome = Awaited<ReturnType<typeof outcome>>;

function differs(actual: Outcome, expected: Outcome): boolean {
  if (typeof actual === "string" || typeof expected === "string") return actual !== expected;
  return expected.some(({ shape, data }, i) => {
    if (actual[i].shape.join() !== shape.join()) return true;
    const near = (a: number, b: number) =>
      Object.is(a, b) || Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b));
    return actual[i].data.length !== data.length || !data.every((v, k) => near(actual[i].data[k], v));
  });
}

const CALLS = 120;

const opened = {
  native: await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend() as Backend),
  webgpu: await openOrSkip("FOVEA_REQUIRE_WEBGPU", async () => (await createWebgpuBackend()) as Backend),
};
const reference = new ReferenceBackend();

for (const [name, { backend, reason }] of Object.entries(opened))
  describe.skipIf(reason)(reason ?? `shapes with zeros on ${name}`, () => {
    afterAll(() => backend!.close());
    it.each(Object.keys(families))("%s", async (family) => {
      const wrong: string[] = [];
      let computed = 0;
      for (let seed = 1; seed <= CALLS; seed++) {
        const expected = await outcome(reference, family, seed);
        const actual = await outcome(backend!, family, seed);
        if (differs(actual, expected))
          wrong.push(`seed ${seed}: ${JSON.stringify([actual, expected]).slice(0, 300)}`);
        if (typeof expected === "string" || family === "optimizer") continue;
        computed++;
        const read = await replayed(backend!, family, seed);
        if (differs(read, expected))
          wrong.push(`seed ${seed}, replayed: ${JSON.stringify(read).slice(0, 300)}`);
      }
      expect(wrong).toEqual([]);
      if (family !== "optimizer") expect(computed).toBeGreaterThan(CALLS / 10);
    });
  });
