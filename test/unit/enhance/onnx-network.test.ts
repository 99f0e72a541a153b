// Networks of ONNX on pictures: what is found out about them, and that tiled equals untiled for them.

import { describe, expect, it } from "vitest";
import { modelTable } from "../../../src/formats/onnx/messages.js";
import { writeMessage } from "../../../src/formats/onnx/wire.js";
import { Denoiser } from "../../../src/enhance/denoiser.js";
import { enlargeImage } from "../../../src/enhance/enlarge.js";
import { type ImageUse, OnnxNetwork } from "../../../src/models/onnx-network.js";
import { Probe } from "../../../src/enhance/probe.js";
import { createImage } from "../../../src/image/image.js";
import { loadOnnx } from "../../../src/models/onnx-model.js";

type Json = Record<string, unknown>;
const numbers = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => size * Math.sin(1 + 1.7 * i));
const weight = (name: string, dims: number[], size: number): Json => ({
  name,
  dims,
  dataType: 1,
  floatData: numbers(dims.reduce((a, b) => a * b, 1), size), // prettier-ignore
});
const node = (
  opType: string,
  input: string[],
  output: string,
  ints: Record<string, number[] | number> = {},
): Json => ({
  opType,
  input,
  output: [output],
  attribute: Object.entries(ints).map(([name, v]) =>
    typeof v === "number" ? { name, i: v, type: 2 } : { name, ints: v, type: 7 },
  ),
});
const images = (name: string, channels: number): Json => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: { dim: [{ value: 1 }, { value: channels }, { param: `${name}h` }, { param: `${name}w` }] },
    },
  },
});
const load = (channels: number, nodes: Json[], initializer: Json[]) =>
  loadOnnx(
    writeMessage(
      {
        opsetImport: [{ domain: "", version: 17 }],
        graph: { node: nodes, initializer, input: [images("x", channels)], output: [images("y", channels)] },
      },
      modelTable,
    ),
  );

/** Halves pictures twice inside and adds what comes of it: alignment 4. */
const halving = () =>
  load(
    1,
    [
      node("Conv", ["x", "w1"], "a", { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node("Relu", ["a"], "b"),
      node("Conv", ["b", "w2"], "c", { strides: [2, 2], pads: [1, 1, 1, 1] }),
      node("ConvTranspose", ["c", "w3"], "d", { strides: [2, 2] }),
      node("ConvTranspose", ["d", "w4"], "e", { strides: [2, 2] }),
      node("Add", ["e", "x"], "y"),
    ],
    [weight("w1", [4, 1, 3, 3], 0.1), weight("w2", [4, 4, 3, 3], 0.1), weight("w3", [4, 4, 2, 2], 0.1), weight("w4", [4, 1, 2, 2], 0.1)],
  ); // prettier-ignore

/** Repeats every pixel 2 x 2 times, and adds the blocks that a convolution makes. */
const doubling = () =>
  load(
    3,
    [
      node("Conv", ["x", "w"], "a", { pads: [1, 1, 1, 1] }),
      node("DepthToSpace", ["a"], "b", { blocksize: 2 }),
      node("Concat", ["x", "x", "x", "x"], "c", { axis: 1 }),
      node("DepthToSpace", ["c"], "d", { blocksize: 2 }),
      node("Add", ["b", "d"], "y"),
    ],
    [weight("w", [12, 3, 3, 3], 0.02)],
  );

describe("what is found out about a network", () => {
  it("that halves pictures inside: its alignment, and how far a pixel sees", async () => {
    const use = await new Probe(await halving()).use();
    expect(use).toEqual({ range: 1, order: "rgb", channels: 1, sigma: "none", scale: 1, alignment: 4, receptiveRadius: expect.any(Number) as number }); // prettier-ignore
    // Exactly: an output block of 4 needs 3 of the quarter's pixels' 7 x 7 windows; measured over a block, at most 4 more.
    expect(use.receptiveRadius).toBeGreaterThanOrEqual(4);
    expect(use.receptiveRadius).toBeLessThanOrEqual(10);
  });

  it("that doubles them", async () => {
    const use = await new Probe(await doubling()).use();
    expect(use).toMatchObject({ channels: 3, scale: 2, alignment: 1, receptiveRadius: 1 });
  });

  it("in which every pixel sees all others", async () => {
    const model = await load(
      1,
      [node("GlobalAveragePool", ["x"], "g"), node("Sub", ["x", "g"], "a"), node("Add", ["a", "g"], "y")],
      [],
    );
    expect((await new Probe(model).use()).receptiveRadius).toBeNull();
  });
});

const picture = (channels: 1 | 3 | 4) =>
  createImage(61, 45, channels, Uint8Array.from({ length: 61 * 45 * channels }, (_, i) => (i * i + 31 * i) % 251)); // prettier-ignore

describe("a network of ONNX", () => {
  it("tiled gives what it gives untiled", async () => {
    const network = new OnnxNetwork(await halving(), await new Probe(await halving()).use());
    const plane = {
      width: 61,
      height: 45,
      channels: 1 as const,
      data: Float32Array.from(picture(1).pixels, (v) => v / 255),
    };
    const whole = await new Denoiser(network).denoise(plane, 0);
    const tiled = await new Denoiser(network, { tile: 36 }).denoise(plane, 0);
    const worst = whole.reduce((most, v, i) => Math.max(most, Math.abs(v - tiled[i])), 0);
    expect(worst).toBeLessThan(1e-6);
  });

  it("that doubles pictures does so tiled and untiled, with alpha", async () => {
    const use: ImageUse = await new Probe(await doubling()).use();
    const network = new OnnxNetwork(await doubling(), use);
    const image = picture(4);
    const whole = await enlargeImage(image, new Denoiser(network));
    const tiled = await enlargeImage(image, new Denoiser(network, { tile: 16 }));
    expect([whole.width, whole.height, whole.channels]).toEqual([122, 90, 4]);
    expect(tiled.pixels).toEqual(whole.pixels);
  });
});
