// Pools of one and two axes, and over whole images. Where the catalogue's pools do not have an attribute (dilations, sums of
// powers) a window is taken apart: for each of its places a strided slice of the image, joined element by element.

import * as ops from "../../../ops/index.js";
import { tensor, type Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators, result } from "../call.js";
import { isInteger } from "../element-types.js";
import { channelsLast, type Value } from "../value.js";
import { type Geometry, geometryOf, imagesOf, type Pair, spanOf, valueOfImages } from "./windows.js";

interface Pool extends Geometry {
  readonly outputs: Pair;
  /** Pads with as much after the image as the last window needs. */
  readonly reach: readonly [Pair, Pair];
}

function poolOf(call: Call): Pool {
  const geometry = geometryOf(call);
  const ceil = call.attributes.flag("ceil_mode");
  const outputs = ([0, 1] as const).map((axis) => {
    const [before, after] = geometry.pads[axis];
    const [stride, n] = [geometry.strides[axis], geometry.size[axis]];
    const steps = (n + before + after - spanOf(geometry, axis)) / stride;
    const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would begin behind the image and its padding in front is none.
    return ceil && (count - 1) * stride >= n + before ? count - 1 : count;
  }) as unknown as Pair;
  if (outputs.some((n) => n < 1)) call.fail(`its window does not fit ${call.input()}.`);
  const reach = ([0, 1] as const).map((axis): Pair => {
    const last = (outputs[axis] - 1) * geometry.strides[axis] + spanOf(geometry, axis);
    const [before] = geometry.pads[axis];
    return [before, Math.max(0, last - before - geometry.size[axis])];
  }) as unknown as readonly [Pair, Pair];
  return { ...geometry, outputs, reach };
}

const isDense = ({ dilations }: Geometry): boolean => dilations.every((d) => d === 1);

/** For each place of the window what stands there in every window: [n, outputs, c] each. */
function places(x: Tensor, pool: Pool, fill: number): Tensor[] {
  const [y, w] = pool.reach;
  const padded = ops.pad(x, [[0, 0], y, w, [0, 0]], "constant", fill);
  const [n, , , c] = x.shape;
  const found: Tensor[] = [];
  for (let p = 0; p < pool.kernel[0]; p++)
    for (let q = 0; q < pool.kernel[1]; q++) {
      const from = [p * pool.dilations[0], q * pool.dilations[1]];
      const to = from.map((at, axis) => at + (pool.outputs[axis] - 1) * pool.strides[axis] + 1);
      const strides = [1, ...pool.strides, 1];
      found.push(ops.stridedSlice(padded, [0, ...from, 0], [n, ...to, c], strides));
    }
  return found;
}

function maxPool(call: Call): Value {
  if (call.outputs > 1) call.fail("the indices of its maxima are asked for, which are not read.");
  const x = call.input();
  const pool = poolOf(call);
  const images = imagesOf(x);
  const lowest = isInteger(x.type) ? -(2 ** 40) : -Infinity;
  const y = isDense(pool)
    ? ops.maxPool2d(images, { poolSize: pool.kernel, strides: pool.strides, padding: pool.reach })
    : places(images, pool, lowest).reduce((a, b) => ops.maximum(a, b));
  return valueOfImages(x.type, y, pool.isLine);
}

function averagePool(call: Call): Value {
  const x = call.input();
  const pool = poolOf(call);
  const images = imagesOf(x);
  const dense = isDense(pool);
  // The kernel's mean is over what lies inside the image; other counts are a factor a place.
  const mean = dense
    ? ops.averagePool2d(images, { poolSize: pool.kernel, strides: pool.strides, padding: pool.reach })
    : ops.div(
        places(images, pool, 0).reduce((a, b) => ops.add(a, b)),
        pool.kernel[0] * pool.kernel[1],
      );
  const counted = call.attributes.flag("count_include_pad")
    ? pool.pads
    : ([
        [0, 0],
        [0, 0],
      ] as const);
  const divisors = countsOf(pool, counted);
  const own = dense
    ? countsOf(pool, [
        [0, 0],
        [0, 0],
      ])
    : divisors.map(() => pool.kernel[0] * pool.kernel[1]);
  const factors = own.map((n, i) => n / divisors[i]);
  if (factors.every((f) => f === 1)) return valueOfImages(x.type, mean, pool.isLine);
  const map = ops.reshape(constantOf(factors), [1, ...pool.outputs, 1]);
  return valueOfImages(x.type, ops.mul(mean, map), pool.isLine);
}

const constantOf = (numbers: readonly number[]): Tensor => tensor(Float32Array.from(numbers));

/** How many places of each window lie inside the image or this much around it. */
function countsOf(pool: Pool, around: readonly [Pair, Pair]): number[] {
  const along = ([0, 1] as const).map((axis) =>
    Array.from({ length: pool.outputs[axis] }, (_, i) => {
      let inside = 0;
      for (let p = 0; p < pool.kernel[axis]; p++) {
        const at = i * pool.strides[axis] + p * pool.dilations[axis] - pool.pads[axis][0];
        inside += Number(at >= -around[axis][0] && at < pool.size[axis] + around[axis][1]);
      }
      return inside;
    }),
  );
  return along[0].flatMap((rows) => along[1].map((columns) => rows * columns));
}

/** (sum |x|^p)^(1/p) */
function lpPool(call: Call): Value {
  const x = call.input();
  const pool = poolOf(call);
  const p = call.attributes.int("p", 2);
  const power = (t: Tensor, e: number) => (e === 1 ? t : e === 2 ? ops.square(t) : e === 0.5 ? ops.sqrt(t) : ops.pow(t, e)); // prettier-ignore
  const powers = power(ops.abs(imagesOf(x)), p);
  const total = places(powers, pool, 0).reduce((a, b) => ops.add(a, b));
  return valueOfImages(x.type, power(total, 1 / p), pool.isLine);
}

/** Over all axes after the channels, which are kept as 1. */
const global =
  (reduce: (x: Tensor, axis: number[]) => Tensor) =>
  (call: Call): Value => {
    const x = call.input();
    const order = x.order;
    const axes = order.flatMap((axis, at) => (axis >= 2 ? [at] : []));
    return result(x.type, reduce(x.in(order), axes), order);
  };

/** x / (bias + alpha/size sum over neighbouring channels of x^2)^beta */
function localResponse(call: Call): Value {
  const x = call.input();
  const { attributes } = call;
  const size = attributes.int("size") ?? call.fail("its size is missing.");
  const [alpha, beta] = [attributes.float("alpha", 1e-4), attributes.float("beta", 0.75)];
  const order = channelsLast(x.rank);
  const t = x.in(order);
  const c = t.shape[t.rank - 1];
  const before = Math.floor((size - 1) / 2);
  const padded = ops.pad(ops.square(t), t.shape.map((_, a) => (a === t.rank - 1 ? [before, size - 1 - before] : [0, 0]))); // prettier-ignore
  const begin = t.shape.map(() => 0);
  const parts = Array.from({ length: size }, (_, i) => ops.slice(padded, [...begin.slice(1), i], [...t.shape.slice(0, -1), c])); // prettier-ignore
  const total = parts.reduce((a, b) => ops.add(a, b));
  const scale = ops.pow(ops.add(ops.mul(total, alpha / size), attributes.float("bias", 1)), beta);
  return result(x.type, ops.div(t, scale), order);
}

const over = (axis: number[]) => ({ axis, keepDims: true });

export const poolingOperators: Operators = {
  MaxPool: { run: maxPool },
  AveragePool: { run: averagePool },
  LpPool: { run: lpPool },
  GlobalAveragePool: { run: global((x, axis) => ops.mean(x, over(axis))) },
  GlobalMaxPool: { run: global((x, axis) => ops.max(x, over(axis))) },
  LRN: { run: localResponse },
};
