import { afterEach, beforeEach, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { ConvAutoencoder, type ImageModel, UNet } from "../../../src/models/index.js";
import { meanAbsoluteError } from "../../../src/nn/index.js";
import { Adam } from "../../../src/optim/index.js";
import { TrainingStep } from "../../../src/train/training-step.js";

/** Notes the most bytes that were ever alive. */
class Watched extends ReferenceBackend {
  most = 0;
  override allocate(length: number) {
    const storage = super.allocate(length);
    this.most = Math.max(this.most, this.memory().bytes);
    return storage;
  }
}

let backend: Watched;
beforeEach(() => setBackend((backend = new Watched({ precision: "float32" }))));
afterEach(() => backend.close());

/** Bytes that one step adds to those of the parameters, the optimiser's memory and the data. */
async function bytesOfStep(model: ImageModel, eager: boolean): Promise<number> {
  const shape = [2, 32, 32, 1];
  const inputShapes = model.takesSigma ? [shape, [2]] : [shape];
  model.build(model.takesSigma ? [shape, [2]] : shape);
  const values = new Float32Array(2 * 32 * 32).fill(0.5);
  const inputs = [values, ...(model.takesSigma ? [new Float32Array(2)] : [])];
  const data = {
    inputShapes,
    targetShape: shape,
    stepsPerEpoch: 1,
    batch: () => ({ inputs, target: values }),
  };
  const step = new TrainingStep(model, data, meanAbsoluteError, new Adam(), eager);
  step.prepare(0, data.batch());
  const before = (backend.most = backend.memory().bytes);
  await step.run();
  const gradients = [...model.parameters().values()].reduce((bytes, p) => bytes + 4 * p.size, 0);
  step.dispose();
  return backend.most - before - gradients; // gradients are there in both
}

it.each([
  ["the convolutional autoencoder", () => new ConvAutoencoder()],
  ["the U-shaped network", () => new UNet({ widths: [8, 16, 32], blocks: 2 })],
])("a replayed training step of %s needs at most half of eager's memory", async (_name, make) => {
  const eager = await bytesOfStep(make(), true);
  const replayed = await bytesOfStep(make(), false);
  expect(replayed).toBeLessThan(eager / 2);
});
