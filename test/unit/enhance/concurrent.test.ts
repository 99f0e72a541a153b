// Several calls at once on one Denoiser, as a server makes them: each result equals that of the call alone.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { setBackend } from "../../../src/backend/current.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { Denoiser, type DenoiserOptions } from "../../../src/enhance/denoiser.js";
import type { Plane } from "../../../src/image/plane.js";
import { createModel } from "../../../src/models/index.js";

let backend: ReferenceBackend;
beforeAll(() => setBackend((backend = new ReferenceBackend({ precision: "float32" }))));
afterAll(() => backend.close());

const plane = (width: number, height: number, seed: number): Plane => {
  const stream = new RandomStream(seed);
  return {
    width,
    height,
    channels: 1,
    data: Float32Array.from({ length: width * height }, () => stream.uniform()),
  };
};
const five = [1, 2, 3, 4, 5];
const sameSize = five.map((seed) => plane(23, 17, seed));
const otherSizes = five.map((seed) => plane(20 + seed, 17, seed));

const cases: [string, Plane[], DenoiserOptions][] = [
  ["of one size", sameSize, {}],
  ["of one size, in tiles", sameSize, { tile: 10 }],
  ["of as many sizes", otherSizes, {}],
  ["of as many sizes, in tiles", otherSizes, { tile: 10 }],
  ["of one size, operation by operation", sameSize, { eager: true }],
];

describe("five calls at once", () => {
  for (const [name, planes, options] of cases)
    it(`on planes ${name}`, async () => {
      const model = createModel({ architecture: "dncnn", options: { depth: 3, features: 2 } }, 3);
      const denoiser = new Denoiser(model, options);
      const alone: Float32Array[] = [];
      for (const p of planes) alone.push(Float32Array.from(await denoiser.denoise(p, 25)));
      expect(await Promise.all(planes.map((p) => denoiser.denoise(p, 25)))).toEqual(alone);
      denoiser.dispose();
      model.dispose();
    });

  it("do not fail because one of them was stopped", async () => {
    const model = createModel({ architecture: "dncnn", options: { depth: 3, features: 2 } }, 3);
    const denoiser = new Denoiser(model);
    const stopped = denoiser.denoise(sameSize[0], 25, { signal: AbortSignal.abort(new Error("stopped")) });
    const other = denoiser.denoise(sameSize[1], 25);
    await expect(stopped).rejects.toThrow("stopped");
    expect(await other).toEqual(await denoiser.denoise(sameSize[1], 25));
    denoiser.dispose();
    model.dispose();
  });
});
