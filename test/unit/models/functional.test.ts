// Drawn networks: Keras's functional way. The first test is the dense autoencoder of the Keras blog, translated word by word.

import { beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { Model } from "../../../src/models/model.js";
import { Sequential } from "../../../src/models/sequential.js";
import { Add, Concatenate, Conv2D, Dense, Dropout, Flatten, Input, Lambda } from "../../../src/nn/index.js";
import { mul } from "../../../src/ops/index.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";

beforeEach(() => setBackend(new ReferenceBackend({ precision: "float32" })));

/** Soft bars at random places: pictures of 8 x 8 that a few numbers describe. */
function pictures(count: number): Float32Array {
  const random = new RandomStream(3, 0);
  const out = new Float32Array(count * 64);
  for (let n = 0; n < count; n++) {
    const [at, isRow] = [7 * random.uniform(), random.uniform() < 0.5];
    for (let i = 0; i < 64; i++)
      out[n * 64 + i] = Math.exp(-(((isRow ? Math.floor(i / 8) : i % 8) - at) ** 2));
  }
  return out;
}

describe("Model", () => {
  it("runs the dense autoencoder of the Keras documentation", async () => {
    const [xTrain, xTest] = [pictures(128), pictures(16)];

    // This is the size of our encoded representations
    const encodingDim = 8;
    // This is our input image
    const inputImg = Input({ shape: [64] });
    // "encoded" is the encoded representation of the input
    const encoded = new Dense(encodingDim, { activation: "relu" }).apply(inputImg);
    // "decoded" is the lossy reconstruction of the input
    const decoded = new Dense(64, { activation: "sigmoid" }).apply(encoded);
    // This model maps an input to its reconstruction
    const autoencoder = new Model({ inputs: inputImg, outputs: decoded });

    // This model maps an input to its encoded representation
    const encoder = new Model({ inputs: inputImg, outputs: encoded });
    // This is our encoded (8-dimensional) input
    const encodedInput = Input({ shape: [encodingDim] });
    // Retrieve the last layer of the autoencoder model
    const decoderLayer = autoencoder.layers.at(-1)!;
    // Create the decoder model
    const decoder = new Model({ inputs: encodedInput, outputs: decoderLayer.apply(encodedInput) });

    autoencoder.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    const { history } = await autoencoder.fit(xTrain, xTrain, {
      epochs: 15,
      batchSize: 16,
      shuffle: true,
      validationData: [xTest, xTest],
      verbose: 0,
    });

    const encodedImgs = await encoder.predict(xTest);
    const decodedImgs = await decoder.predict(encodedImgs);

    expect(encodedImgs.shape).toEqual([16, 8]);
    expect(decodedImgs.shape).toEqual([16, 64]);
    expect(await decodedImgs.data()).toEqual(await (await autoencoder.predict(xTest)).data());
    expect(history.loss).toHaveLength(15);
    expect(history.loss.at(-1)).toBeLessThan(0.9 * history.loss[0]);
    expect(await autoencoder.evaluate(xTest, xTest)).toBeCloseTo(history.val_loss.at(-1)!, 6);
  });

  it("names layers as Keras does, and their parameters by them", () => {
    const x = Input({ shape: [8, 8, 1] });
    const a = new Conv2D(2, 3, { padding: "same" }).apply(x);
    const b = new Conv2D(2, 3, { padding: "same", name: "second" }).apply(a);
    const y = new Dense(3).apply(new Flatten().apply(new Add().apply([a, b])));
    const model = new Model({ inputs: x, outputs: y });
    expect(model.layers.map((layer) => layer.constructor.name)).toEqual(["Conv2D", "Conv2D", "Add", "Flatten", "Dense"]); // prettier-ignore
    expect([...model.parameters().keys()]).toEqual(["conv2d.kernel", "conv2d.bias", "second.kernel", "second.bias", "dense.kernel", "dense.bias"]); // prettier-ignore
    expect(y.shape).toEqual([null, 3]);
    expect(model.getLayer("dense")).toBeInstanceOf(Dense);
    expect(() => model.getLayer("dens")).toThrow('There is no layer "dens"; did you mean "dense"?');
  });

  it("draws the same weights from a seed, whatever else was made before", async () => {
    const make = () => {
      const x = Input({ shape: [3] });
      return new Model({ inputs: x, outputs: new Dense(2).apply(new Dense(4).apply(x)) }).build(undefined, 7);
    };
    const [a, b] = [make(), make()];
    for (const [name, t] of a.parameters())
      expect(await t.data()).toEqual(await b.parameters().get(name)!.data());
  });

  it("takes several inputs and gives several outputs; a shared layer has one kernel", async () => {
    const [a, b] = [Input({ shape: [3], name: "left" }), Input({ shape: [3], name: "right" })];
    const shared = new Dense(2, { name: "shared" });
    const both = [shared.apply(a), shared.apply(b)];
    const sum = new Add({ name: "sum" }).apply(both);
    const doubled = new Lambda((x) => mul(x, 2), { name: "doubled" }).apply(new Concatenate().apply(both));
    const model = new Model<readonly Tensor[], readonly Tensor[]>({
      inputs: [a, b],
      outputs: [sum, doubled],
    });
    expect([...model.parameters().keys()]).toEqual(["shared.kernel", "shared.bias"]);
    const [left, right] = [tensor([[1, 0, 0]]), tensor([[0, 1, 0]])];
    const kernel = await model.parameters().get("shared.kernel")!.data();
    const [y, z] = model.call([left, right]);
    expect([...(await y.data())]).toEqual([Math.fround(kernel[0] + kernel[2]), Math.fround(kernel[1] + kernel[3])]); // prettier-ignore
    expect([...(await z.data())]).toEqual([0, 1, 2, 3].map((i) => 2 * kernel[i]));

    model.compile({ optimizer: "sgd", loss: ["mse", "mae"], lossWeights: [1, 0.5], metrics: ["mae"] });
    const xs = [pictures(3), pictures(3)].map((data) => data.subarray(0, 30));
    const ys = [new Float32Array(20), new Float32Array(40)];
    const { history } = await model.fit(xs, ys, { epochs: 3, batchSize: 5, verbose: 0 });
    expect(Object.keys(history)).toEqual(["loss", "sum_loss", "doubled_loss", "sum_mae", "doubled_mae"]);
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
    expect(history.loss[0]).toBeCloseTo(history.sum_loss[0] + history.doubled_loss[0], 6);
    const [p, q] = await model.predict(xs);
    expect([p.shape, q.shape]).toEqual([[10, 2], [10, 4]]); // prettier-ignore
    await expect(model.fit(xs[0], ys, { verbose: 0 })).rejects.toThrow(
      "the model has 2 inputs; give x as a list of 2",
    );
  });

  it("is a layer itself, drawn or written, in another model", async () => {
    class Twice extends Model {
      readonly inner = new Dense(4);
      protected override forward(x: Tensor): Tensor {
        return this.inner.call(this.inner.call(x));
      }
    }
    const x = Input({ shape: [4] });
    const half = new Model({ inputs: x, outputs: new Dense(4, { activation: "relu" }).apply(x) });
    const model = new Sequential([Input({ shape: [4] }), half, new Twice(), new Dropout(0.5)]);
    expect([...model.parameters().keys()]).toEqual(["0.dense.kernel", "0.dense.bias", "1.inner.kernel", "1.inner.bias"]); // prettier-ignore
    model.compile({ optimizer: "adam", loss: "mse" });
    const data = pictures(1);
    const { history } = await model.fit(data, data, { epochs: 2, verbose: 0 });
    expect(history.loss).toHaveLength(2);
    const lines: string[] = [];
    model.summary({ printFn: (text) => lines.push(...text.split("\n")) });
    expect(lines.at(-1)).toMatch(/^Total +40 /);
  });

  it("refuses what cannot be drawn, in a sentence", () => {
    const [x, z] = [Input({ shape: [3] }), Input({ shape: [3], name: "z" })];
    const y = new Add().apply([x, z]);
    expect(() => new Model({ inputs: x, outputs: y })).toThrow(/depend on an Input "z" .* add it/);
    expect(() => new Model({ inputs: y, outputs: y })).toThrow(/must be what Input\(\) gave/);
    expect(() => new Model()).toThrow(/give { inputs, outputs }, or extend Model/);
    expect(() => new Model(x as never, y as never)).toThrow(
      "give one object: new Model({ inputs, outputs })",
    );
    expect(() => new Model({ inputs: [], outputs: y })).toThrow(/what Input\(\) and apply\(\) give/);
    expect(() => mul(x as never, 2)).toThrow(/has no numbers: give it to a layer's apply/);
    expect(() => new Dense(2).call(x as never)).toThrow("call takes tensors; use apply");
    expect(() => Input({ shape: [3, 0] })).toThrow(/whole numbers above 0/);
    const twins = new Dense(3, { name: "a" }).apply(new Dense(3, { name: "a" }).apply(x));
    expect(() => new Model({ inputs: x, outputs: twins })).toThrow('two layers have the name "a"');
  });
});
