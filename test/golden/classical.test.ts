// The classical methods against OpenCV, to the last level: see make_classical.py, which wrote classical.json.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyMethod, parseMethod } from "../../src/enhance/classical/apply.js";
import { methods } from "../../src/enhance/classical/methods.js";
import { createImage, type Channels, type Image } from "../../src/image/image.js";

interface GoldenPicture {
  width: number;
  height: number;
  channels: Channels;
  bitDepth: 8 | 16;
  pixels: string;
}
interface GoldenCase {
  method: string;
  picture: string;
  channels: Channels;
  pixels: string;
}
interface Golden {
  pictures: Record<string, GoldenPicture>;
  cases: GoldenCase[];
}

const { pictures, cases } = JSON.parse(
  readFileSync(new URL("./classical.json", import.meta.url), "utf8"),
) as Golden;

function imageOf({ width, height, channels, bitDepth, pixels }: GoldenPicture): Image {
  const bytes = Uint8Array.from(Buffer.from(pixels, "base64"));
  return createImage(width, height, channels, bitDepth === 8 ? bytes : new Uint16Array(bytes.buffer));
}

const byMethod = new Map<string, GoldenCase[]>();
for (const golden of cases) byMethod.set(golden.method, [...(byMethod.get(golden.method) ?? []), golden]);

describe.each([...byMethod])("%s", (method, ofMethod) => {
  it.each(ofMethod)("$picture", async ({ picture, channels, pixels }) => {
    const result = await applyMethod(imageOf(pictures[picture]), parseMethod(method));
    const expected = imageOf({ ...pictures[picture], channels, pixels });
    expect(result.channels).toBe(expected.channels);
    expect(result.pixels).toEqual(expected.pixels);
  });
});

it("covers every method", () => {
  const covered = new Set(cases.map(({ method }) => method.split(":")[0]));
  expect([...covered].sort()).toEqual(Object.keys(methods).sort());
});
