// Models: the registry, what they tell about tiling, and weights from PyTorch. Their numbers are held to PyTorch's in test/golden.

import { describe, expect, it } from "vitest";
import { currentBackend, setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import {
  architectures,
  ConvAutoencoder,
  createModel,
  DenseAutoencoder,
  DnCNN,
  fromPyTorch,
  type ImageModel,
  loadWeights,
  UNet,
} from "../../../src/models/index.js";
import { slice, sum } from "../../../src/ops/index.js";
import { scope } from "../../../src/tensor/scope.js";
import { grad } from "../../../src/tensor/tape.js";
import { parameter, tensor, type Tensor } from "../../../src/tensor/tensor.js";

const parameterCount = (model: ImageModel) =>
  [...model.parameters().values()].reduce((total, p) => total + p.size, 0);

describe("registry", () => {
  it("makes each model with its known number of parameters, and again from its configuration", () => {
    const counts = { unet: 1042976, "conv-autoencoder": 185217, dncnn: 555137, "dense-autoencoder": 419120 };
    expect(Object.keys(architectures).sort()).toEqual(Object.keys(counts).sort());
    for (const [architecture, count] of Object.entries(counts)) {
      const model = createModel({ architecture });
      expect(parameterCount(model)).toBe(count);
      const again = createModel(JSON.parse(JSON.stringify(model.config)));
      expect(again.config).toEqual(model.config);
      expect([...again.parameters().keys()]).toEqual([...model.parameters().keys()]);
    }
  });

  it("keeps options that differ from the defaults", () => {
    const { config } = createModel({
      architecture: "unet",
      options: { widths: [2, 4], blocks: 1, channels: 3 },
    });
    expect(config).toEqual({
      architecture: "unet",
      options: { widths: [2, 4], blocks: 1, channels: 3, sigma: true },
    });
    const small = createModel(config) as UNet;
    expect(small.channels).toBe(3);
    expect(small.alignment).toBe(4);
    expect(small.parameters().get("head.kernel")!.shape).toEqual([3, 3, 13, 2]);
  });

  it("names what is wrong with a configuration", () => {
    expect(() => createModel({ architecture: "vgg" })).toThrow(
      'There is no model "vgg"; choose one of unet,',
    );
    expect(() => createModel({ architecture: "toString" })).toThrow("There is no model");
    const unet = (options: unknown) => () => createModel({ architecture: "unet", options: options as never });
    expect(unet({ width: 3 })).toThrow(
      'The model unet has no option "width"; it has widths, blocks, channels, sigma.',
    );
    expect(unet({ widths: "wide" })).toThrow(
      "The option widths of the model unet must be a list of 1 to 8 whole",
    );
    expect(unet({ blocks: 1.5 })).toThrow("The option blocks of the model unet must be a whole number");
    expect(unet([1])).toThrow("must be a JSON object");
    expect(() => createModel({ architecture: "conv-autoencoder", options: { widths: [1, 2] } })).toThrow(
      "list of three",
    );
  });

  it("says what a model expects of its input", () => {
    const unet = new UNet({ widths: [2, 2, 2], blocks: 1 });
    const image = tensor(new Float32Array(8 * 12), [1, 8, 12, 1]);
    expect(() => unet.call(image)).toThrow("unet: expected [images, sigma]");
    expect(() => unet.call([image, tensor([0.1])])).toThrow("multiples of 8, got [1, 8, 12, 1]");
    const square = tensor(new Float32Array(64), [1, 8, 8, 1]);
    expect(() => unet.call([square, tensor([0.1, 0.2])])).toThrow(
      "one sigma an image, [1], or one a pixel, [1, 8, 8, 1], got [2]",
    );
    expect(() => new DnCNN({ depth: 1 }).call([image, image])).toThrow("dncnn: expected one tensor");
  });
});

describe("receptive field", () => {
  const models: [string, ImageModel, number][] = [
    ["UNet", new UNet({ widths: [1, 1, 1] }), 91],
    ["UNet of one block", new UNet({ widths: [1, 1, 1], blocks: 1 }), 51],
    ["UNet of two sizes", new UNet({ widths: [1, 1], blocks: 1 }), 23],
    ["ConvAutoencoder", new ConvAutoencoder({ widths: [1, 1, 1] }), 11],
    ["DnCNN", new DnCNN({ features: 1 }), 17],
  ];

  // With positive weights and inputs nothing cancels and no relu is off, so the support of an output pixel's gradient is all
  // that the pixel can depend on, whatever the weights.
  it.each(models)("of %s is reached and not exceeded", async (_name, model, radius) => {
    expect(model.receptiveRadius).toBe(radius);
    const period = model.alignment;
    const margin = Math.ceil(radius / period) * period + period;
    const size = 2 * margin + period;
    const before = currentBackend();
    setBackend(new ReferenceBackend({ precision: "float64" }));
    try {
      model.build(model.takesSigma ? [[1, period, period, 1], [1]] : [1, period, period, 1]); // prettier-ignore
      for (const p of model.parameters().values()) p.write(new Float32Array(p.size).fill(0.31));
      const x = parameter(new Float32Array(size * size).fill(0.5), [1, size, size, 1]);
      let reached = 0;
      for (let phase = 0; phase < period; phase++) {
        using _ = scope();
        const pixel = margin + phase;
        const y = slice(model.restore(x, tensor([0.1])), [0, pixel, pixel, 0], [1, 1, 1, 1]);
        const [gradient] = grad(sum(y), [x]);
        const support = [...(await gradient.data()).entries()].filter(([, g]) => g !== 0).map(([i]) => i);
        for (const i of support)
          reached = Math.max(reached, Math.abs(Math.floor(i / size) - pixel), Math.abs((i % size) - pixel));
      }
      expect(reached).toBe(radius);
    } finally {
      model.dispose();
      setBackend(before);
    }
  });

  it("tiles that overlap by it equal the whole", async () => {
    const model = createModel({ architecture: "unet", options: { widths: [2, 3], blocks: 1 } }, 3);
    const { receptiveRadius: radius, alignment } = model;
    const enough = Math.ceil(radius / alignment) * alignment;
    const [size, at] = [2 * enough + 24, enough + 8];
    const values = Float32Array.from({ length: size * size }, (_, i) => ((i * 7919) % 101) / 101);
    const x = tensor(values, [1, size, size, 1]);
    const sigma = tensor([0.1]);
    using _ = scope();
    const block = async (image: Tensor, begin: number) =>
      Array.from(await slice(model.restore(image, sigma), [0, begin, begin, 0], [1, 8, 8, 1]).data());
    /** The block of 8 x 8 pixels at `at`, computed from a tile that has `overlap` pixels around it. */
    const tiled = (overlap: number) => {
      const tile = 8 + 2 * overlap;
      return block(slice(x, [0, at - overlap, at - overlap, 0], [1, tile, tile, 1]), overlap);
    };
    const whole = await block(x, at);
    expect(await tiled(enough)).toEqual(whole);
    expect(await tiled(enough - alignment)).not.toEqual(whole);
  });
});

describe("dense autoencoder", () => {
  it("takes images flat or not, and codes them", () => {
    const model = new DenseAutoencoder({ height: 4, width: 3, channels: 2, hidden: [10], code: 5 });
    expect(model.outputShape([2, 4, 3, 2])).toEqual([2, 4, 3, 2]);
    expect(model.outputShape([2, 24])).toEqual([2, 24]);
    expect(model.encode(tensor(new Float32Array(48), [2, 4, 3, 2])).shape).toEqual([2, 5]);
  });
});

describe("PyTorch state dicts", () => {
  const zeros = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

  it("are renamed and turned", () => {
    const arrays = new Map([
      ["a.0.weight", { shape: [2, 3, 1, 1], data: Float32Array.of(0, 1, 2, 3, 4, 5) }],
      ["a.0.bias", zeros(2)],
      ["bn.weight", zeros(2)],
      ["bn.bias", zeros(2)],
      ["bn.running_mean", zeros(2)],
      ["bn.running_var", zeros(2)],
      ["bn.num_batches_tracked", { shape: [], data: BigInt64Array.of(3n) as never }],
      ["fc.weight", zeros(4, 5)],
    ]);
    const result = fromPyTorch(arrays, "x.safetensors");
    expect([...result.keys()]).toEqual(
      ["a.0.kernel", "a.0.bias", "bn.gamma", "bn.beta", "bn.movingMean", "bn.movingVariance", "fc.kernel"], // prettier-ignore
    );
    expect(result.get("a.0.kernel")).toEqual({
      shape: [1, 1, 3, 2],
      data: Float32Array.of(0, 3, 1, 4, 2, 5),
    });
    expect(result.get("fc.kernel")!.shape).toEqual([5, 4]);
    expect(() => fromPyTorch(new Map([["a.weight", zeros(2, 2, 2)]]), "x.safetensors")).toThrow(
      'x.safetensors: "a.weight" has 3 axes',
    );
  });

  it("of another model are refused by name", () => {
    const model = createModel({ architecture: "conv-autoencoder" });
    expect(() =>
      loadWeights(model, new Map([["model.0.weight", zeros(1, 1, 3, 3)]]), "x.safetensors"),
    ).toThrow('x.safetensors does not fit this model: the model has no tensor "model.0.kernel"');
  });
});
