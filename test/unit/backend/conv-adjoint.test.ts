// The convolution trio at random geometries: one number <conv(x,w), dy> = <x, dx(dy,w)> = <w, dw(x,dy)>.

import { describe, expect, it } from "vitest";
import type { Operand } from "../../../src/backend/backend.js";
import { sizeOf } from "../../../src/backend/kernels.js";
import type { ConvAttributes } from "../../../src/backend/kernels.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";

const backend = new ReferenceBackend({ precision: "float64" });

interface Geometry {
  x: number[];
  w: number[];
  y: number[];
  attributes: ConvAttributes;
}

/** Any geometry with at least one output pixel; windows may lie outside the image altogether. */
function randomGeometry(random: RandomStream): Geometry {
  const between = (from: number, to: number) => from + random.integer(to - from + 1);
  for (;;) {
    const groups = between(1, 3);
    const upsample = between(1, 3);
    const [n, h, w] = [between(1, 2), between(1, 7), between(1, 7)];
    const kernel = [between(1, 5), between(1, 5)];
    const strides = [between(1, 4), between(1, 4)] as const;
    const dilation = [between(1, 3), between(1, 3)] as const;
    const padding = [between(0, 5), between(0, 5)] as const;
    const length = (axis: 0 | 1, size: number) => {
      const padded = size * upsample + padding[axis] + between(0, 5);
      return Math.floor((padded - dilation[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1;
    };
    const [oh, ow] = [length(0, h), length(1, w)];
    if (oh < 1 || ow < 1) continue;
    const ci = groups * between(1, 3);
    const co = groups * between(1, 3);
    return {
      x: [n, h, w, ci],
      w: [...kernel, ci / groups, co],
      y: [n, oh, ow, co],
      attributes: { strides, padding, dilation, groups, upsample },
    };
  }
}

const empty = (shape: number[]): Operand => ({ storage: backend.allocate(sizeOf(shape)), shape });

function draw(shape: number[], random: RandomStream): Operand {
  const operand = empty(shape);
  backend.write(
    operand.storage,
    Float64Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
  return operand;
}

async function dot(a: Operand, b: Operand): Promise<number> {
  const [u, v] = [await backend.read(a.storage), await backend.read(b.storage)];
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i] * v[i];
  return sum;
}

describe("conv2d and its adjoints", () => {
  const random = new RandomStream(2024);
  const geometries = Array.from({ length: 150 }, () => randomGeometry(random));
  const title = ({ x, w, y, attributes: a }: Geometry) =>
    `x [${x}], w [${w}], y [${y}], strides ${a.strides}, padding ${a.padding}, dilation ${a.dilation}, ` +
    `groups ${a.groups}, upsample ${a.upsample}`;

  it.each(geometries.map((geometry) => [title(geometry), geometry] as const))("%s", async (_, geometry) => {
    const { attributes } = geometry;
    const [x, w, dy] = [draw(geometry.x, random), draw(geometry.w, random), draw(geometry.y, random)];
    const [y, dx, dw] = [empty(geometry.y), empty(geometry.x), empty(geometry.w)];
    backend.run({ kernel: "conv2d", inputs: [x, w], outputs: [y], attributes });
    backend.run({ kernel: "conv2dInputGrad", inputs: [dy, w], outputs: [dx], attributes });
    backend.run({ kernel: "conv2dWeightGrad", inputs: [x, dy], outputs: [dw], attributes });
    const [forward, input, weights] = [await dot(y, dy), await dot(x, dx), await dot(w, dw)];
    // Terms of a sum may cancel; their sizes may not.
    const scale = Math.sqrt((await dot(y, y)) * (await dot(dy, dy))) + 1e-300;
    expect(Math.abs(forward - input) / scale).toBeLessThan(1e-12);
    expect(Math.abs(forward - weights) / scale).toBeLessThan(1e-12);
    for (const { storage } of [x, w, dy, y, dx, dw]) backend.release(storage);
    expect(backend.memory().buffers).toBe(0);
  });
});
