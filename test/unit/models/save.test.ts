// save and loadModel: the structure and the weights there and back, by bytes and by file.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { host } from "../../../src/base/host.js";
import { loadModel as loadForImages } from "../../../src/models/files.js";
import { readSafetensors } from "../../../src/formats/safetensors.js";
import "../../../src/models/host-node.js";
import { ConvAutoencoder, createModel, Model, Sequential } from "../../../src/models/index.js";
import { loadModel } from "../../../src/models/load-model.js";
import * as nn from "../../../src/nn/index.js";
import { mul } from "../../../src/ops/index.js";
import { randomNormal } from "../../../src/ops/index.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

beforeEach(() => setBackend(new ReferenceBackend({ precision: "float32" })));

/** Both give the same numbers for the same input. */
async function expectSame(a: Model, b: Model, shapes: number[][]): Promise<void> {
  const inputs = shapes.map((shape, i) => randomNormal(shape, { seed: i }));
  const input = inputs.length === 1 ? inputs[0] : inputs;
  const outputs = [a, b].map((model) => [model.call(input as Tensor)].flat());
  for (const [i, y] of outputs[0].entries()) expect(await y.data()).toEqual(await outputs[1][i].data());
}

class Scaled extends Model {
  readonly inner = new nn.Dense(3);
  constructor(private readonly own: { factor?: number; name?: string } = {}) {
    super(own);
  }
  protected override forward(x: Tensor): Tensor {
    return mul(this.inner.call(x), this.own.factor ?? 1);
  }
}

describe("a saved model comes back", () => {
  it("drawn, with every kind of layer and a shared one", async () => {
    const x = nn.Input({ shape: [8, 8, 4], name: "picture" });
    const conv = new nn.Conv2D(4, 3, { padding: "same", activation: "relu", name: "shared" });
    let y = new nn.Add().apply([x, conv.apply(conv.apply(x))]);
    y = new nn.BatchNormalization({ momentum: 0.9 }).apply(new nn.GaussianNoise(0.1).apply(y));
    y = new nn.Conv2DTranspose(4, 2, { strides: 2 }).apply(new nn.MaxPooling2D().apply(y));
    y = new nn.SpaceToDepth().apply(new nn.UpSampling2D({ interpolation: "bilinear" }).apply(y));
    y = new nn.DepthToSpace(2).apply(new nn.AveragePooling2D({ poolSize: 2 }).apply(y));
    y = new nn.LayerNormalization().apply(new nn.Concatenate().apply([y, x]));
    y = new nn.Activation("leakyRelu", { alpha: 0.1 }).apply(new nn.Dropout(0.2).apply(y));
    y = new nn.Dense(5).apply(new nn.Flatten().apply(new nn.Reshape([4, -1]).apply(y)));
    const model = new Model({ inputs: x, outputs: y, name: "everything" }).build(undefined, 3);
    const again = await loadModel(await model.save());
    expect([...again.parameters().keys()]).toEqual([...model.parameters().keys()]);
    expect([...again.state().keys()]).toEqual([...model.state().keys()]);
    expect(again.name).toBe("everything");
    await expectSame(model, again, [[2, 8, 8, 4]]);
  });

  it("with several inputs and outputs, and models inside", async () => {
    const [a, b] = [nn.Input({ shape: [3] }), nn.Input({ shape: [3] })];
    const inner = new Sequential([nn.Input({ shape: [3] }), new nn.Dense(3, { activation: "tanh" })]);
    const z = nn.Input({ shape: [3] });
    const drawn = new Model({ inputs: z, outputs: new nn.Dense(2).apply(z) });
    const outputs = [drawn.apply(inner.apply(a)), new nn.Add().apply([a, inner.apply(b)])];
    const model = new Model<readonly Tensor[], readonly Tensor[]>({ inputs: [a, b], outputs });
    await expectSame(model as never, await loadModel(await model.save()), [[2, 3], [2, 3]]); // prettier-ignore
  });

  it("layers one after another, without an Input but fitted", async () => {
    const model = new Sequential([new nn.Dense(4, { activityRegularizer: nn.l1(0.1) }), new nn.Dense(2)]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit([[1, 2, 3]], [[1, 2]], { verbose: 0 }); // prettier-ignore
    const again = await loadModel(await model.save());
    await expectSame(model, again, [[2, 3]]);
  });

  it("a class of one's own, once it is registered", async () => {
    const model = new Scaled({ factor: 3 }).build([1, 2]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    await model.fit([[1, 2]], [[1, 2, 3]], { verbose: 0 }); // prettier-ignore
    await expect(model.save()).rejects.toThrow(
      "Scaled is not known to loadModel; call registerLayer(Scaled) first",
    );
    nn.registerLayer(Scaled);
    await expectSame(model, await loadModel(await model.save()), [[4, 2]]);
  });

  it("of the engine's own architectures, readable by the command too, in a file", async () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "fovea-save-")), "m.safetensors");
    const model = createModel({ architecture: "conv-autoencoder", options: { widths: [2, 2, 2] } }, 5);
    const bytes = await model.save(file);
    expect(new Uint8Array(fs.readFileSync(file))).toEqual(bytes);
    const again = await loadModel(file);
    expect(again).toBeInstanceOf(ConvAutoencoder);
    await expectSame(model as never, again, [[1, 4, 4, 1]]);
    expect(loadForImages(file).model.options).toEqual(model.options);
    expect(Object.keys(readSafetensors(bytes, "it").metadata)).toEqual(["fovea", "fovea.progress"]);
  });
});

it("what cannot be saved or loaded is told in a sentence", async () => {
  const x = nn.Input({ shape: [2] });
  const own = new Model({ inputs: x, outputs: new nn.Dense(2, { activation: (t) => t }).apply(x) });
  await expect(own.save()).rejects.toThrow("the activation of a Dense layer is nothing that a file can hold");
  await expect(loadModel(new Uint8Array(20))).rejects.toThrow(
    "The model's file is not a sound safetensors file",
  );
  await expect(loadModel("nowhere.safetensors")).rejects.toThrow("Cannot read nowhere.safetensors");
  const { readModel, writeFile } = host;
  delete host.readModel;
  delete host.writeFile;
  await expect(loadModel("m")).rejects.toThrow("there are no files here; give the bytes");
  const model = new Model({ inputs: x, outputs: new nn.Dense(2).apply(x) });
  await expect(model.save("m")).rejects.toThrow("there are no files here; call save() and keep the bytes");
  Object.assign(host, { readModel, writeFile });
});
