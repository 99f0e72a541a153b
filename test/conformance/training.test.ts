// One training on two backends: what WebGPU computes, forward, backward and update, is what the addon computes.

import { afterAll, beforeAll, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { setBackend } from "../../src/backend/current.js";
import { RandomStream } from "../../src/base/random-stream.js";
import { open } from "../../src/backend/select.js";
import { Denoiser } from "../../src/enhance/denoiser.js";
import type { Plane } from "../../src/image/plane.js";
import { createModel } from "../../src/models/index.js";
import { meanSquaredError } from "../../src/nn/index.js";
import { Adam } from "../../src/optim/index.js";
import { fit } from "../../src/train/fit.js";

const backends = new Map<string, Backend>();

beforeAll(async () => {
  for (const name of ["native", "webgpu"] as const)
    try {
      backends.set(name, await open(name));
    } catch (error) {
      if (process.env[`FOVEA_REQUIRE_${name.toUpperCase()}`]) throw error;
    }
});
afterAll(async () => {
  for (const backend of backends.values()) await backend.close();
});

/** Noisy patches that follow from the step. */
const data = {
  inputShapes: [[2, 16, 16, 1]],
  targetShape: [2, 16, 16, 1],
  stepsPerEpoch: 1,
  batch(step: number) {
    const stream = new RandomStream(9, step);
    const target = Float32Array.from({ length: 512 }, (_, i) => 0.5 + 0.4 * Math.sin(i * 0.1 + step));
    return { inputs: [target.map((v) => v + 0.1 * stream.normal())], target };
  },
};

it("50 training steps of the convolutional autoencoder agree in every loss, and in what it then restores", async (context) => {
  if (backends.size < 2) return context.skip("needs the addon and a WebGPU adapter");
  const results = [];
  for (const backend of backends.values()) {
    setBackend(backend);
    const model = createModel({ architecture: "conv-autoencoder" }, 4);
    const losses: number[] = [];
    const optimizer = new Adam(1e-3);
    await fit(model, data, {
      optimizer,
      loss: meanSquaredError,
      steps: 50,
      onStep: (r) => void losses.push(r.loss),
    });
    const denoiser = new Denoiser(model);
    const plane: Plane = {
      width: 24,
      height: 20,
      channels: 1,
      data: data.batch(99).inputs[0].subarray(0, 480),
    };
    results.push({ losses, restored: await denoiser.denoise(plane, 25) });
    for (const owner of [denoiser, model, optimizer]) owner.dispose();
  }
  const [native, webgpu] = results;
  expect(native.losses).toHaveLength(50);
  expect(native.losses[49]).toBeLessThan(native.losses[0]);
  native.losses.forEach((loss, i) => expect(Math.abs(webgpu.losses[i] - loss) / loss).toBeLessThan(1e-4));
  native.restored.forEach((v, i) => expect(Math.abs(webgpu.restored[i] - v) * 255).toBeLessThan(1));
});
