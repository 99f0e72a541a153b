// Enlargement: Keys's cubic gives polynomials of degree 2 back exactly, which no other kernel of four taps does.

import { describe, expect, it } from "vitest";
import { enlargedMiddle } from "../../../../src/data/degrade/enlarge.js";

const [width, height] = [30, 24];
const pictureOf = (f: (x: number, y: number) => number) => ({
  width,
  height,
  channels: 1 as const,
  data: Float32Array.from({ length: width * height }, (_, i) => f(i % width, Math.floor(i / width))),
});

describe("enlargedMiddle", () => {
  it("gives a quadratic back where no border is near, at any factor", () => {
    const f = (x: number, y: number) => 0.2 + 0.0007 * x * x - 0.0005 * y * y + 0.0004 * x * y;
    for (const factor of [1, 1.3, 2, 2.75]) {
      const { data } = enlargedMiddle(pictureOf(f), factor);
      const place = (o: number, n: number) => (n - n / factor) / 2 + (o + 0.5) / factor - 0.5;
      for (let y = 4; y < height - 4; y++)
        for (let x = 4; x < width - 4; x++)
          expect(data[y * width + x]).toBeCloseTo(f(place(x, width), place(y, height)), 5);
    }
  });

  it("keeps flat pictures flat and stays within black and white", () => {
    for (const value of enlargedMiddle(
      pictureOf(() => 0.5),
      2.2,
    ).data)
      expect(value).toBeCloseTo(0.5, 6);
    const edge = enlargedMiddle(pictureOf((x) => (x < 15 ? 0 : 1)), 2).data; // prettier-ignore
    expect([Math.min(...edge), Math.max(...edge)]).toEqual([0, 1]);
  });
});
