// Layers: shapes, names, weights from a seed, gradients. Their numbers are held to PyTorch's in test/golden/models.test.ts.

import { describe, expect, it } from "vitest";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { currentBackend, withBackend } from "../../../src/backend/current.js";
import { gradcheck, randomInput } from "../../../src/inspect/gradcheck.js";
import { Model } from "../../../src/models/model.js";
import { Sequential } from "../../../src/models/sequential.js";
import * as nn from "../../../src/nn/index.js";
import { add, counterLimbs } from "../../../src/ops/index.js";
import { record } from "../../../src/tensor/record.js";
import { scope } from "../../../src/tensor/scope.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";

const { Conv2D, Conv2DTranspose, Dense } = nn;

class TwoBranches extends Model {
  readonly branches = [
    new Sequential([new Conv2D(2, 3, { padding: "same", name: "wide" }), new nn.Activation("relu")]),
    new Conv2D(3, 1),
  ];
  readonly join = new nn.Concatenate();
  readonly out = new Dense(4, { useBias: false });

  protected override forward(x: Tensor, context: nn.CallContext): Tensor {
    return this.out.call(this.join.call(this.branches.map((branch) => branch.call(x, context))), context);
  }
}

describe("shapes", () => {
  const shapes: [string, nn.Layer, number[], number[]][] = [
    ["Dense", new Dense(4), [2, 3], [2, 4]],
    ["Dense on positions", new Dense(4), [2, 5, 6, 3], [2, 5, 6, 4]],
    ["Conv2D valid", new Conv2D(7, 3), [2, 8, 9, 3], [2, 6, 7, 7]],
    [
      "Conv2D same, strides 2",
      new Conv2D(7, [3, 5], { strides: 2, padding: "same" }),
      [2, 8, 9, 3],
      [2, 4, 5, 7],
    ],
    ["Conv2D dilated, grouped", new Conv2D(6, 3, { dilationRate: 2, groups: 3 }), [1, 8, 9, 3], [1, 4, 5, 6]],
    ["Conv2DTranspose", new Conv2DTranspose(5, 2, { strides: 2 }), [1, 4, 3, 6], [1, 8, 6, 5]],
    [
      "Conv2DTranspose same, strides 3",
      new Conv2DTranspose(5, 3, { strides: 3, padding: "same" }),
      [1, 4, 3, 6],
      [1, 12, 9, 5],
    ],
    ["UpSampling2D", new nn.UpSampling2D({ size: [2, 3] }), [1, 4, 3, 2], [1, 8, 9, 2]],
    ["MaxPooling2D", new nn.MaxPooling2D(), [1, 5, 4, 2], [1, 2, 2, 2]],
    [
      "AveragePooling2D",
      new nn.AveragePooling2D({ poolSize: 3, strides: 2, padding: "same" }),
      [1, 5, 4, 2],
      [1, 3, 2, 2],
    ],
    ["Flatten", new nn.Flatten(), [2, 3, 4, 5], [2, 60]],
    ["Reshape", new nn.Reshape([6, -1]), [2, 3, 4, 5], [2, 6, 10]],
    ["DepthToSpace", new nn.DepthToSpace(), [1, 3, 4, 8], [1, 6, 8, 2]],
    ["SpaceToDepth", new nn.SpaceToDepth(), [1, 6, 8, 2], [1, 3, 4, 8]],
    ["BatchNormalization", new nn.BatchNormalization(), [2, 3, 4, 5], [2, 3, 4, 5]],
  ];
  it.each(shapes)("%s", async (_name, layer, input, output) => {
    expect(layer.outputShape(input)).toEqual(output);
    using _ = scope();
    const y = layer.call(tensor(new Float32Array(input.reduce((a, b) => a * b, 1)), input));
    expect(y.shape).toEqual(output);
    expect((await y.data()).length).toBe(output.reduce((a, b) => a * b, 1));
  });
});

describe("parameters", () => {
  it("are named by the path to them", () => {
    const model = new TwoBranches().build([1, 4, 4, 1]);
    expect([...model.parameters()].map(([name, p]) => [name, p.shape])).toEqual([
      ["branches.0.wide.kernel", [3, 3, 1, 2]],
      ["branches.0.wide.bias", [2]],
      ["branches.1.kernel", [1, 1, 1, 3]],
      ["branches.1.bias", [3]],
      ["out.kernel", [5, 4]],
    ]);
    expect([...model.state()]).toEqual([]);
  });

  it("depend on the seed and the name alone", async () => {
    const kernel = async (model: nn.Layer, name: string) => [...(await model.parameters().get(name)!.data())];
    const first = await kernel(new TwoBranches().build([1, 4, 4, 1], 5), "out.kernel");
    expect(await kernel(new TwoBranches().build([1, 8, 6, 1], 5), "out.kernel")).toEqual(first);
    expect(await kernel(new TwoBranches().build([1, 4, 4, 1], 6), "out.kernel")).not.toEqual(first);
    // A wider first branch does not disturb the initial weights of the second.
    const other = new TwoBranches();
    other.branches[0] = new Conv2D(9, 3, { padding: "same" });
    other.build([1, 4, 4, 1], 5);
    expect(await kernel(other, "branches.1.kernel")).toEqual(
      await kernel(new TwoBranches().build([1, 4, 4, 1], 5), "branches.1.kernel"),
    );
    // The first call makes what build makes with seed 0.
    const called = new TwoBranches();
    called.call(tensor(new Float32Array(16), [1, 4, 4, 1]));
    expect(await kernel(called, "out.kernel")).toEqual(
      await kernel(new TwoBranches().build([1, 2, 2, 1]), "out.kernel"),
    );
  });

  it("are asked for only once they are there, and not made while recording", () => {
    expect(() => new TwoBranches().parameters()).toThrow("TwoBranches: its weights are made by build");
    const model = new Dense(3);
    const x = tensor([[1, 2]]);
    expect(() => record(() => ({ y: model.call(x) }))).toThrow("Dense: a program is being recorded");
  });

  it("outlive scopes and are freed by dispose", () => {
    const backend = new ReferenceBackend({ precision: "float32" });
    withBackend(backend, () => {
      const model = new Sequential([new TwoBranches(), new nn.BatchNormalization()]);
      scope(() => void model.build([1, 4, 4, 1]));
      expect([...model.parameters().values(), ...model.state().values()].some((t) => t.disposed)).toBe(false);
      model.dispose();
      expect(backend.memory().buffers).toBe(0);
    });
  });

  it("of a layer used twice are there once", () => {
    const shared = new Dense(3);
    const model = new Sequential([shared, shared]).build([1, 3]);
    expect([...model.parameters().keys()]).toEqual(["0.kernel", "0.bias"]);
    expect(() =>
      new Sequential([new Dense(1, { name: "a" }), new Dense(1, { name: "a" })]).build([1, 1]),
    ).toThrow('two layers have the name "a"');
  });

  it("go out as arrays and come back, all or none", async () => {
    const [from, to] = [new TwoBranches().build([1, 4, 4, 1], 1), new TwoBranches().build([1, 4, 4, 1], 2)];
    const arrays = await nn.readTensors(nn.weightsOf(from));
    nn.writeTensors(nn.weightsOf(to), arrays, "a.safetensors");
    expect(await nn.readTensors(nn.weightsOf(to))).toEqual(arrays);

    const changed = (name: string, value?: nn.NamedArray) => {
      const copy = new Map(arrays);
      if (value) copy.set(name, value);
      else copy.delete(name);
      return () => nn.writeTensors(nn.weightsOf(to), copy, "a.safetensors");
    };
    expect(changed("out.kernel")).toThrow(
      'a.safetensors does not fit this model: it has no tensor "out.kernel"',
    );
    expect(changed("new", { shape: [1], data: new Float32Array(1) })).toThrow(
      'the model has no tensor "new"',
    );
    expect(changed("out.kernel", { shape: [4, 5], data: new Float32Array(20) })).toThrow(
      '"out.kernel" has the shape [4, 5] and the model needs [5, 4]',
    );
    const broken = new Float32Array(20).fill(NaN, 19);
    expect(changed("out.kernel", { shape: [5, 4], data: broken })).toThrow("holds NaN or an infinity in");
    expect(await nn.readTensors(nn.weightsOf(to))).toEqual(arrays);
  });
});

describe("initialisers", () => {
  // Variance and range of 60 * 50 weights [3, 4, 5, 50]: window 12, inputs 60, outputs 600.
  it.each([
    ["glorotUniform", 2 / 660, Math.sqrt(6 / 660)],
    ["glorotNormal", 2 / 660, (2 * Math.sqrt(2 / 660)) / 0.8796],
    ["heUniform", 2 / 60, Math.sqrt(6 / 60)],
    ["heNormal", 2 / 60, (2 * Math.sqrt(2 / 60)) / 0.8796],
    ["lecunUniform", 1 / 60, Math.sqrt(3 / 60)],
    ["lecunNormal", 1 / 60, (2 * Math.sqrt(1 / 60)) / 0.8796],
    ["fanInUniform", 1 / 180, 1 / Math.sqrt(60)],
  ] as const)("%s", async (name, variance, limit) => {
    const layer = new Conv2D(50, [3, 4], { kernelInitializer: name }).build([1, 8, 8, 5], 3);
    const values = Array.from(await layer.parameters().get("kernel")!.data());
    const mean = values.reduce((a, b) => a + b, 0) / 3000;
    const spread = values.reduce((a, b) => a + (b - mean) ** 2, 0) / 3000;
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / 3000)); // four standard errors
    expect(Math.abs(spread / variance - 1)).toBeLessThan(0.1);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(limit * 1.0001);
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(limit * 0.95);
    expect([...(await layer.parameters().get("bias")!.data())]).toEqual(Array(50).fill(0));
  });
});

describe("Dropout", () => {
  const ones = () => tensor(new Float32Array(4000).fill(1), [4000]);

  it("drops the share, keeps the mean, draws by the counter, and only while training", async () => {
    const layer = new nn.Dropout(0.25);
    const draw = async (step: number) => [
      ...(await layer.call(ones(), { training: true, counter: tensor(counterLimbs(step)) }).data()),
    ];
    const first = await draw(0);
    expect(new Set(first)).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(Math.abs(first.filter((v) => v === 0).length / 4000 - 0.25)).toBeLessThan(0.03);
    expect(await draw(0)).toEqual(first);
    expect(await draw(1)).not.toEqual(first);
    expect(new Set(await layer.call(ones()).data())).toEqual(new Set([1]));
    expect(() => layer.call(ones(), { training: true })).toThrow("Dropout: training needs `counter`");
    expect(() => new nn.Dropout(1)).toThrow("the rate 1 is not in [0, 1)");
  });

  it("of two layers are independent, and a recorded step draws anew at each replay", async () => {
    const model = new Sequential([new nn.Dropout(0.5), new nn.Dropout(0.5)]).build([4000]);
    const counter = tensor(counterLimbs(0));
    const x = ones();
    const recorded = record(() => ({ y: model.call(x, { training: true, counter }) }));
    const replay = async (step: number) => {
      counter.write(counterLimbs(step));
      await recorded.run();
      return [...(await recorded.outputs.y.data())];
    };
    const first = await replay(0);
    const kept = first.filter((v) => v === 4).length / 4000; // 1/2 if both drew the same, 1/4 if they are independent
    expect(Math.abs(kept - 0.25)).toBeLessThan(0.04);
    expect(await replay(1)).not.toEqual(first);
    expect(await replay(0)).toEqual(first);
    recorded.dispose();
  });
});

it("a recorded BatchNormalization moves its averages at each replay", async () => {
  const layer = new nn.BatchNormalization({ momentum: 0.5 }).build([2, 1]);
  const x = tensor([[1], [3]]);
  const recorded = record(() => ({ y: layer.call(x, { training: true }) }));
  await recorded.run();
  await recorded.run();
  expect([...(await layer.state().get("movingMean")!.data())]).toEqual([1.5]); // 0 -> 1 -> 1.5
  expect([...(await layer.state().get("movingVariance")!.data())]).toEqual([1]); // 1 -> 1 -> 1
  recorded.dispose();
});

describe("gradients", () => {
  const image = randomInput([2, 4, 4, 4], 1);
  const layers: [string, () => nn.Layer][] = [
    ["Dense", () => new Dense(3, { activation: "tanh" })],
    ["Conv2D", () => new Conv2D(3, 3, { strides: 2, padding: "same", activation: "silu" })],
    [
      "Conv2DTranspose",
      () => new Conv2DTranspose(2, 3, { strides: 2, padding: "same", activation: "softplus" }),
    ],
    ["UpSampling2D nearest", () => new nn.UpSampling2D()],
    ["UpSampling2D bilinear", () => new nn.UpSampling2D({ interpolation: "bilinear" })],
    ["MaxPooling2D", () => new nn.MaxPooling2D()],
    ["AveragePooling2D", () => new nn.AveragePooling2D()],
    ["DepthToSpace", () => new nn.DepthToSpace()],
    ["SpaceToDepth", () => new nn.SpaceToDepth()],
    ["LayerNormalization", () => new nn.LayerNormalization()],
    ["BatchNormalization", () => new nn.BatchNormalization()],
    ["softmax", () => new nn.Activation("softmax")],
    ["gelu", () => new nn.Activation("gelu")],
    ["leakyRelu", () => new nn.Activation("leakyRelu", { alpha: 0.1 })],
    ["Model", () => new TwoBranches()],
  ];
  it.each(layers)("%s", async (_name, make) => {
    const layer = make(); // built by its first call, on gradcheck's backend
    const { ok, where } = await gradcheck((x) => layer.call(x, { training: true }), [image]);
    expect(ok, where).toBe(true);
  });

  it("Add and Concatenate", async () => {
    const join = new nn.Concatenate({ axis: 1 });
    const { ok, where } = await gradcheck(
      (a, b) => join.call([new nn.Add().call([a, b, b]), a]),
      [randomInput([2, 3], 1), randomInput([2, 3], 2)],
    );
    expect(ok, where).toBe(true);
  });

  it("losses, of second order too where they are smooth", async () => {
    const [p, t] = [randomInput([3, 4], 3, [0.2, 0.8]), randomInput([3, 4], 4, [0.2, 0.8])];
    for (const loss of [
      nn.meanSquaredError,
      nn.charbonnier,
      nn.binaryCrossentropy,
      nn.categoricalCrossentropy,
    ]) {
      const { ok, where } = await gradcheck((a, b) => loss(a, b), [p, t], { second: true, tolerance: 1e-5 });
      expect(ok, `${loss.name} ${where}`).toBe(true);
    }
    for (const loss of [nn.binaryCrossentropy, nn.categoricalCrossentropy]) {
      const fromLogits = (a: Tensor, b: Tensor) => loss(a, b, { fromLogits: true });
      expect((await gradcheck(fromLogits, [p, t], { second: true })).ok).toBe(true);
    }
    expect((await gradcheck(nn.meanAbsoluteError, [p, t])).ok).toBe(true);
    const images = [randomInput([1, 12, 11, 2], 5, [0, 1]), randomInput([1, 12, 11, 2], 6, [0, 1])];
    const { ok, where } = await gradcheck(nn.ssimLoss, images);
    expect(ok, where).toBe(true);
  });
});

it("losses refuse to broadcast", () => {
  expect(() => nn.meanSquaredError(tensor([[1, 2]]), tensor([1, 2]))).toThrow(
    "meanSquaredError: the prediction [1, 2] and the target [2] must have one shape.",
  );
});

it("ssimLoss of an image and itself is 0, and small images are refused", async () => {
  const x = tensor(
    Float32Array.from({ length: 144 }, (_, i) => (i % 7) / 7),
    [1, 12, 12, 1],
  );
  expect(Math.abs(await nn.ssimLoss(x, x).item())).toBeLessThan(1e-6);
  expect(() => nn.ssimLoss(tensor([[[[1]]]]), tensor([[[[1]]]]))).toThrow("at least 11 x 11");
});

it("summary tells shapes, parameters and operations without computing", () => {
  const model = new Sequential([
    new Conv2D(4, 3, { name: "conv" }),
    new nn.Flatten(),
    new Dense(2, { name: "out" }),
  ]);
  const before = currentBackend().memory().buffers;
  const { rows, parameters, operations, toString } = nn.summary(model, [2, 5, 5, 1]);
  expect(rows).toEqual([
    // 2*3*3*4 outputs, 9 multiply-adds each, then the bias
    {
      name: "conv",
      type: "Conv2D",
      outputShape: [2, 3, 3, 4],
      parameters: 40,
      operations: 72 * 18 + 72,
      bytes: 8 * 72,
    },
    { name: "1", type: "Flatten", outputShape: [2, 36], parameters: 0, operations: 0, bytes: 0 },
    { name: "out", type: "Dense", outputShape: [2, 2], parameters: 74, operations: 4 * 72 + 4, bytes: 8 * 4 },
  ]);
  expect([parameters, operations]).toEqual([114, 72 * 19 + 4 * 73]);
  expect(toString().split("\n").at(-1)).toMatch(/^Total\s+114\s+1\.66 k\s+608 B$/);
  expect(currentBackend().memory().buffers).toBe(before + 4);

  class Skip extends Model {
    readonly inner = new Dense(3, { useBias: false });
    protected override forward(x: Tensor): Tensor {
      return add(x, this.inner.call(this.inner.call(x)));
    }
  }
  expect(
    nn.summary(new Skip(), [1, 3]).rows.map((row) => [row.name, row.parameters, row.operations]),
  ).toEqual([
    ["inner", 9, 18],
    ["inner", 0, 18],
    ["", 0, 3],
  ]);
});
