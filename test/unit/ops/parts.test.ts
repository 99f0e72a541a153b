// stridedSlice, split, triangles and padding, against NumPy's results; on the addon too, where it is there.

import { beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { createNativeBackend } from "../../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import {
  broadcastTo,
  flatten,
  pad,
  reshape,
  split,
  stridedSlice,
  tril,
  triu,
} from "../../../src/ops/index.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";

const open = { reference: () => new ReferenceBackend({ precision: "float32" }), native: createNativeBackend };
const numbers = async (x: Tensor) => [...(await x.data())];

describe.each(["reference", "native"] as const)("on %s", (name) => {
  beforeEach((context) => {
    try {
      setBackend(open[name]());
    } catch (error) {
      context.skip(String(error));
    }
  });
  const x = () => tensor([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]); // prettier-ignore

  it("stridedSlice is NumPy's x[1:, ::-2], x[-2:3, 0:9:3], x[3:, :]", async () => {
    expect(await numbers(stridedSlice(x(), [1, null], [null, null], [1, -2]))).toEqual([8, 6, 12, 10]);
    expect(await numbers(stridedSlice(x(), [-2, 0], [3, 9], [1, 3]))).toEqual([5, 8, 9, 12]);
    expect(stridedSlice(x(), [3, 0], [null, null]).shape).toEqual([0, 4]);
  });

  it("split cuts into equal parts, or into given ones", async () => {
    const [a, b] = split(x(), 2);
    expect([a.shape, await numbers(b)]).toEqual([[3, 2], [3, 4, 7, 8, 11, 12]]); // prettier-ignore
    expect((await Promise.all(split(x(), [2, 1], 0).map(numbers)))[1]).toEqual([9, 10, 11, 12]);
    expect(() => split(x(), 3)).toThrow("axis 1 of [3, 4] is not cut into 3 equal parts");
  });

  it("tril and triu", async () => {
    expect(await numbers(tril(x()))).toEqual([1, 0, 0, 0, 5, 6, 0, 0, 9, 10, 11, 0]);
    expect(await numbers(triu(x(), 1))).toEqual([0, 2, 3, 4, 0, 0, 7, 8, 0, 0, 0, 12]);
  });

  it.each([
    ["reflect", [3, 2, 1, 2, 3, 2]],
    ["symmetric", [2, 1, 1, 2, 3, 3]],
    ["edge", [1, 1, 1, 2, 3, 3]],
    ["wrap", [2, 3, 1, 2, 3, 1]],
    ["constant", [7, 7, 1, 2, 3, 7]],
  ] as const)("pad %s", async (mode, expected) => {
    expect(await numbers(pad(tensor([1, 2, 3]), [[2, 1]], mode, 7))).toEqual(expected);
    const both = pad(tensor([[1, 2, 3], [4, 5, 6]]), [[0, 1], [2, 1]], mode); // prettier-ignore
    expect(both.shape).toEqual([3, 6]);
  });

  it("pad refuses more than there is", () => {
    expect(() => pad(tensor([1, 2, 3]), [[3, 0]], "reflect")).toThrow('by 2 at most with mode "reflect"');
    expect(() => pad(tensor([1]), [[1, 0]], "mirror" as never)).toThrow('the mode "mirror" is not known');
  });
});

it("reshape, flatten and broadcastTo give another tensor, also for the same shape", async () => {
  setBackend(open.reference());
  for (const same of [
    (x: Tensor) => reshape(x, [2, 3]),
    (x: Tensor) => flatten(x),
    (x: Tensor) => broadcastTo(x, [2, 3]),
  ]) {
    const x = tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    const y = same(x);
    expect(y).not.toBe(x);
    x.dispose();
    expect(await numbers(y)).toEqual([1, 2, 3, 4, 5, 6]);
  }
});
