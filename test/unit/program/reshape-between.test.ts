// A reshape is no call, so what stands before and after one meets in the passes: under other shapes, and with channel vectors that
// are no longer along the last axis.

import { expect, it } from "vitest";
import { add, matMul, mul, neg, relu, reshape, sum } from "../../../src/ops/index.js";
import { record } from "../../../src/tensor/record.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";

const counting = (...shape: number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 11) - 5),
    shape,
  );
const [x, w, four, six, full] = [counting(2, 6), counting(6, 6), counting(4), counting(6), counting(3, 4)];

const bodies: Record<string, () => Tensor> = {
  "chains of other channels": () => relu(add(reshape(add(x, six), [3, 4]), four)),
  "a bias of other channels than the product": () => relu(add(reshape(matMul(x, w), [3, 4]), four)),
  "a residual of another shape": () => relu(add(reshape(add(matMul(x, w), six), [3, 4]), full)),
  "single elements of other ranks": () => mul(reshape(neg(sum(x)), [1, 1]), sum(w)),
};

it.each(Object.entries(bodies))("%s", async (_name, body) => {
  const recorded = record(() => ({ y: body() }));
  await recorded.run();
  expect([...(await recorded.outputs.y.data())]).toEqual([...(await body().data())]);
  recorded.dispose();
});
