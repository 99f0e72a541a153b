import { describe, expect, it } from "vitest";
import * as pytorch from "../../../src/formats/pytorch.js";

const numbered = (...shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => i) };
};

/** Offset of an index in an array of this shape. */
const offset = (shape: readonly number[], ...index: number[]) =>
  index.reduce((sum, i, d) => sum * shape[d] + i, 0);

describe("PyTorch's layouts", () => {
  it("convolution: [out, in, height, width] to [height, width, in, out] and back", () => {
    const torch = numbered(5, 4, 3, 2);
    const ours = pytorch.oihwToHwio(torch);
    expect(ours.shape).toEqual([3, 2, 4, 5]);
    for (let o = 0; o < 5; o++) {
      for (let i = 0; i < 4; i++) {
        for (let h = 0; h < 3; h++) {
          for (let w = 0; w < 2; w++) {
            expect(ours.data[offset(ours.shape, h, w, i, o)]).toBe(
              torch.data[offset(torch.shape, o, i, h, w)],
            );
          }
        }
      }
    }
    expect(pytorch.hwioToOihw(ours)).toEqual(torch);
  });

  it("transposed convolution from b to a channels: [b, a, height, width] to the filter [height, width, a, b]", () => {
    const torch = numbered(5, 4, 3, 2);
    const ours = pytorch.iohwToAdjointHwio(torch);
    expect(ours.shape).toEqual([3, 2, 4, 5]);
    expect(ours.data[offset(ours.shape, 2, 1, 3, 4)]).toBe(torch.data[offset(torch.shape, 4, 3, 2, 1)]);
    expect(ours.data[offset(ours.shape, 0, 1, 2, 3)]).toBe(torch.data[offset(torch.shape, 3, 2, 0, 1)]);
    expect(pytorch.adjointHwioToIohw(ours)).toEqual(torch);
  });

  it("dense: [out, in] to [in, out] and back", () => {
    const ours = pytorch.transposeLinear(numbered(2, 3));
    expect(ours).toEqual({ shape: [3, 2], data: Float32Array.from([0, 3, 1, 4, 2, 5]) });
    expect(pytorch.transposeLinear(ours)).toEqual(numbered(2, 3));
  });

  it("refuses another rank and takes empty weights", () => {
    expect(() => pytorch.oihwToHwio(numbered(2, 3))).toThrow(/\[2, 3\] have 2 dimensions where 4 are needed/);
    expect(pytorch.oihwToHwio(numbered(0, 3, 1, 1)).shape).toEqual([1, 1, 3, 0]);
  });
});
