// Models, losses, normalisation layers and optimisers against PyTorch (models.json, made by make_models.py): in float64,
// and the models also in float32 on the addon.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/current.js";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { fromPyTorch, type ImageModel, loadWeights } from "../../src/models/index.js";
import { ConvAutoencoder, DenseAutoencoder, DnCNN, UNet } from "../../src/models/index.js";
import * as nn from "../../src/nn/index.js";
import { add, mul, pow, softmax, square, sub, sum } from "../../src/ops/index.js";
import { Adam, AdamW, type Optimizer, SGD } from "../../src/optim/index.js";
import { record } from "../../src/tensor/record.js";
import { scope } from "../../src/tensor/scope.js";
import { grad } from "../../src/tensor/tape.js";
import { parameter, tensor, type Tensor } from "../../src/tensor/tensor.js";
import { openOrSkip } from "../conformance/opened.js";

interface GoldenModel {
  parameters: Record<string, number[]>;
  output: number[];
  loss: number;
  gradients: Record<string, { norm: number; first: number[] }>;
  losses: number[];
}
type Numbers = Record<string, number[]>;
interface Golden {
  models: Record<string, GoldenModel>;
  losses: Record<string, { value: number; gradient: number[] }>;
  normalization: Record<string, Numbers> & Numbers;
  optimizers: Record<string, { p: number[]; q: number[] }>;
}
const golden = JSON.parse(readFileSync(new URL("models.json", import.meta.url), "utf8")) as Golden;

const reference = new ReferenceBackend({ precision: "float64" });
const native = await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend());
setBackend(reference);
afterAll(() => native.backend?.close());

/** make_models.py's generator. */
function numbers(seed: number, n: number, low = -1, high = 1): Float32Array {
  let state = (seed * 7919 + 1) % 2147483647;
  return Float32Array.from({ length: n }, () => {
    state = (state * 48271) % 2147483647;
    return low + ((high - low) * state) / 2147483647;
  });
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const images = (seed: number, shape: number[], low = 0, high = 1) =>
  tensor(numbers(seed, size(shape), low, high), shape);

/** The largest difference, as a share of the largest expected number. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(expected, (e, i) => Math.abs(actual[i] - e))) / largest;
}

/** Weights as make_models.py's fill() makes them, in PyTorch's layout. */
function stateDict(parameters: Record<string, number[]>) {
  return new Map(
    Object.entries(parameters).map(([name, shape], i) => {
      const limit = shape.length > 1 ? 1.5 / Math.sqrt(size(shape.slice(1))) : 0.1;
      return [name, { shape, data: numbers(100 + i, size(shape), -limit, limit) }];
    }),
  );
}

interface Case {
  readonly name: string;
  readonly model: () => ImageModel;
  readonly inputs: () => nn.Inputs;
  readonly target: () => Tensor;
  readonly loss: nn.Loss;
}
const cases: Case[] = [
  {
    name: "conv-autoencoder",
    model: () => new ConvAutoencoder(),
    inputs: () => images(1, [2, 8, 8, 1]),
    target: () => images(2, [2, 8, 8, 1]),
    loss: nn.meanSquaredError,
  },
  {
    name: "unet",
    model: () => new UNet({ widths: [4, 6, 8], blocks: 1 }),
    inputs: () => [images(1, [2, 8, 8, 1]), tensor([0.1, 0.2])],
    target: () => images(2, [2, 8, 8, 1]),
    loss: nn.meanAbsoluteError,
  },
  {
    name: "dncnn",
    model: () => new DnCNN({ depth: 3, features: 6, channels: 3 }),
    inputs: () => images(3, [1, 6, 5, 3]),
    target: () => images(4, [1, 6, 5, 3]),
    loss: nn.meanSquaredError,
  },
  {
    name: "dense-autoencoder",
    model: () => new DenseAutoencoder({ height: 6, width: 5, hidden: [12], code: 5 }),
    inputs: () => images(5, [4, 30]),
    target: () => images(6, [4, 30]),
    loss: nn.binaryCrossentropy,
  },
];

// In float32, ten steps of Adam carry rounding along: it divides gradients by their own size, however small they are.
const exact = { backend: reference, precision: 1e-10, drift: 1e-8 };
const addon = { backend: native.backend!, precision: 1e-5, drift: 1e-5 };

describe.each([
  { on: "the reference backend in float64", skipped: undefined, ...exact },
  { on: native.reason ?? "the addon in float32", skipped: native.reason, ...addon },
])("models on $on", ({ skipped, backend, precision, drift }) => {
  describe.skipIf(skipped).each(cases)("$name", ({ name, loss, ...make }) => {
    const expected = golden.models[name];
    let [model, inputs, target] = [] as unknown as [ImageModel, nn.Inputs, Tensor];
    const load = () => loadWeights(model, stateDict(expected.parameters), "the golden weights");
    beforeAll(() => {
      setBackend(backend);
      [model, inputs, target] = [make.model(), make.inputs(), make.target()];
      model.build("shape" in inputs ? inputs.shape : inputs.map((input) => input.shape));
    });
    afterAll(() => setBackend(reference));

    it("gives PyTorch's output, loss and gradients", async () => {
      load();
      using _ = scope();
      const y = model.call(inputs);
      const value = loss(y, target);
      expect(error(await y.data(), expected.output)).toBeLessThan(precision);
      expect(error([await value.item()], [expected.loss])).toBeLessThan(precision);

      const parameters = model.parameters();
      const gradients = grad(value, [...parameters.values()]);
      const byName = new Map<string, Float64Array>();
      for (const [i, key] of [...parameters.keys()].entries())
        byName.set(key, Float64Array.from(await gradients[i].data()));
      for (const [torchName, { norm, first }] of Object.entries(expected.gradients)) {
        const computed = byName.get(torchName.replace(/weight$/, "kernel"))!;
        const length = Math.sqrt(computed.reduce((total, g) => total + g * g, 0));
        expect(error([length], [norm]), torchName).toBeLessThan(precision);
        // PyTorch's first eight numbers, found where fromPyTorch puts them: the positions are sent through it as weights.
        const shape = expected.parameters[torchName];
        const positions = { shape, data: Float32Array.from({ length: size(shape) }, (_, i) => i) };
        const [[, placed]] = fromPyTorch(new Map([[torchName, positions]]), "positions");
        const found = first.map((_, i) => computed[placed.data.indexOf(i)]);
        for (const [i, g] of first.entries())
          expect(Math.abs(found[i] - g), torchName).toBeLessThan(precision * norm);
      }
    });

    it.each(["eager", "recorded"])("gives PyTorch's losses over ten steps of Adam, %s", async (mode) => {
      load();
      const parameters = model.parameters();
      const optimizer = new Adam(1e-3).build(parameters);
      const step = () => {
        const value = loss(model.call(inputs, { training: true }), target);
        optimizer.apply(parameters, grad(value, [...parameters.values()]));
        return { value };
      };
      const recorded = mode === "recorded" ? record(step) : undefined;
      const losses: number[] = [];
      for (let i = 0; i < 10; i++) {
        using _ = scope();
        optimizer.beginStep(i);
        const { value } = recorded ? (await recorded.run(), recorded.outputs) : step();
        losses.push(await value.item());
      }
      recorded?.dispose();
      optimizer.dispose();
      expect(error(losses, expected.losses)).toBeLessThan(drift);
    });
  });
});

describe("losses", () => {
  const [p, t] = [images(7, [3, 8]), images(8, [3, 8])];
  const logits = images(9, [3, 8], -4, 4);
  const large = mul(logits, 100);
  const raw = images(10, [3, 8]);
  const rows = mul(raw, pow(sum(raw, { axis: 1, keepDims: true }), -1));
  const fromLogits = { fromLogits: true };
  const table: Record<string, [(p: Tensor, t: Tensor) => Tensor, Tensor, Tensor]> = {
    meanSquaredError: [nn.meanSquaredError, p, t],
    meanAbsoluteError: [nn.meanAbsoluteError, p, t],
    charbonnier: [nn.charbonnier, p, t],
    binaryCrossentropy: [nn.binaryCrossentropy, p, t],
    "binaryCrossentropy from logits": [(a, b) => nn.binaryCrossentropy(a, b, fromLogits), logits, t],
    "binaryCrossentropy from large logits": [(a, b) => nn.binaryCrossentropy(a, b, fromLogits), large, t],
    categoricalCrossentropy: [nn.categoricalCrossentropy, softmax(logits), rows],
    "categoricalCrossentropy from logits": [
      (a, b) => nn.categoricalCrossentropy(a, b, fromLogits),
      logits,
      rows,
    ],
    "categoricalCrossentropy from large logits": [
      (a, b) => nn.categoricalCrossentropy(a, b, fromLogits),
      large,
      rows,
    ],
    ssimLoss: [nn.ssimLoss, images(11, [2, 13, 12, 2]), images(12, [2, 13, 12, 2])],
  };

  it("covers the file", () => expect(Object.keys(table).sort()).toEqual(Object.keys(golden.losses).sort()));

  it.each(Object.entries(table))("%s gives PyTorch's value and gradient", async (name, [loss, p, t]) => {
    const prediction = parameter(Float64Array.from(await p.data()), p.shape);
    const value = loss(prediction, t);
    const [gradient] = grad(value, [prediction]);
    expect(value.shape).toEqual([]);
    expect(error([await value.item()], [golden.losses[name].value])).toBeLessThan(1e-10);
    expect(error(await gradient.data(), golden.losses[name].gradient)).toBeLessThan(1e-9);
  });
});

describe("normalisation", () => {
  const { normalization } = golden;
  const [x, dy] = [images(13, [2, 3, 4, 5]), images(14, [2, 3, 4, 5], -1)];

  async function check(layer: nn.Layer, training: boolean, expected: Numbers) {
    const input = parameter(Float64Array.from(await x.data()), x.shape);
    const parameters = layer.parameters();
    parameters.get("gamma")!.write(numbers(15, 5, 0.5, 1.5));
    parameters.get("beta")!.write(numbers(16, 5));
    const y = layer.call(input, { training });
    const gradients = grad(sum(mul(y, dy)), [input, parameters.get("gamma")!, parameters.get("beta")!]);
    expect(error(await y.data(), expected.output)).toBeLessThan(1e-10);
    for (const [i, key] of ["x", "gamma", "beta"].entries())
      expect(error(await gradients[i].data(), expected[key]), key).toBeLessThan(1e-9);
  }

  it("LayerNormalization", () =>
    check(new nn.LayerNormalization().build(x.shape), false, normalization.layer));

  it("BatchNormalization, and its moving averages", async () => {
    const layer = new nn.BatchNormalization({ momentum: 0.9 }).build(x.shape);
    const state = layer.state();
    state.get("movingMean")!.write(normalization.movingMean);
    state.get("movingVariance")!.write(normalization.movingVariance);
    await check(layer, false, normalization.inference);
    expect(await state.get("movingMean")!.data()).toEqual(Float64Array.from(normalization.movingMean));
    await check(layer, true, normalization.training);
    expect(error(await state.get("movingMean")!.data(), normalization.movedMean)).toBeLessThan(1e-10);
    expect(error(await state.get("movingVariance")!.data(), normalization.movedVariance)).toBeLessThan(1e-10);
  });
});

describe("optimisers", () => {
  const table: Record<string, () => Optimizer> = {
    sgd: () => new SGD(0.05),
    momentum: () => new SGD(0.05, { momentum: 0.9 }),
    nesterov: () => new SGD(0.05, { momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
    adam: () => new Adam(0.05, { beta1: 0.8, beta2: 0.99 }),
    adamw: () => new AdamW(0.05, { weightDecay: 0.3 }),
    clipValue: () => new SGD(0.05, { clipValue: 0.5 }),
    globalClipNorm: () => new SGD(0.05, { globalClipNorm: 0.7 }),
  };

  it("covers the file", () =>
    expect(Object.keys(table).sort()).toEqual(Object.keys(golden.optimizers).sort()));

  it.each(Object.keys(table))("%s takes PyTorch's ten steps", async (name) => {
    const [p, q] = [parameter(numbers(19, 6)), parameter(numbers(20, 6))];
    const parameters = new Map([["p", p], ["q", q]]); // prettier-ignore
    const optimizer = table[name]();
    for (let i = 0; i < 10; i++) {
      using _ = scope();
      const loss = add(sum(square(square(sub(p, 0.5)))), sum(mul(p, q)));
      optimizer.beginStep(i);
      optimizer.apply(parameters, grad(loss, [p, q]));
    }
    expect(error(await p.data(), golden.optimizers[name].p)).toBeLessThan(1e-10);
    expect(error(await q.data(), golden.optimizers[name].q)).toBeLessThan(1e-10);
  });
});
