// oneHot, gather, argMax, and what is built on them.

import { beforeEach, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { accuracy, categoricalCrossentropy, sparseCategoricalCrossentropy } from "../../../src/nn/index.js";
import { argMax, gather, oneHot, softmax } from "../../../src/ops/index.js";
import { tensor } from "../../../src/tensor/tensor.js";

beforeEach(() => setBackend(new ReferenceBackend({ precision: "float32" })));

it("oneHot: a class outside is a row of zeros", async () => {
  const y = oneHot(tensor([2, 0, 3]), 3);
  expect([y.shape, [...(await y.data())]]).toEqual([
    [3, 3],
    [0, 0, 1, 1, 0, 0, 0, 0, 0],
  ]);
});

it("gather takes rows, in any order and more than once", async () => {
  const x = tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
  const y = gather(x, tensor([[2, 2], [0, 1]])); // prettier-ignore
  expect([y.shape, [...(await y.data())]]).toEqual([
    [2, 2, 2],
    [5, 6, 5, 6, 1, 2, 3, 4],
  ]);
});

it("argMax takes the first of equal ones, along any axis", async () => {
  const x = tensor([[1, 7, 7], [9, 0, 7]]); // prettier-ignore
  expect([...(await argMax(x).data())]).toEqual([1, 0]);
  expect([...(await argMax(x, 0).data())]).toEqual([1, 0, 0]);
});

it("crossentropy of class numbers is that of their one-hot rows", async () => {
  const p = softmax(tensor([[1, 2, 0.5], [0.1, -1, 3]])); // prettier-ignore
  const sparse = await sparseCategoricalCrossentropy(p, tensor([[1], [2]])).item(); // prettier-ignore
  expect(sparse).toBe(await categoricalCrossentropy(p, oneHot(tensor([1, 2]), 3)).item());
  expect(() => sparseCategoricalCrossentropy(p, tensor([1, 2, 0]))).toThrow(
    "needs a class number for each row",
  );
});

it("accuracy is of classes, one-hot or as numbers, or of one yes or no", async () => {
  const p = tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]); // prettier-ignore
  expect(await accuracy(p, tensor([1, 0, 0])).item()).toBeCloseTo(2 / 3, 6);
  expect(await accuracy(p, oneHot(tensor([1, 1, 1]), 2)).item()).toBeCloseTo(2 / 3, 6);
  expect(await accuracy(tensor([[0.6], [0.4]]), tensor([[1], [1]])).item()).toBe(0.5); // prettier-ignore
});
