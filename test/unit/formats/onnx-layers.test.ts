// The nodes of a graph as files of their own: run one after the other they make what the graph makes.
import { beforeAll, expect, it } from "vitest";
import { onnxRuntime } from "../../../src/cli/bench/onnxruntime.js";
import { layerCases } from "../../../src/formats/onnx/layers.js";
import { decodeTensor, encodeTensor } from "../../../src/formats/onnx/tensors.js";
import { loadOnnx, tensor, type Tensor, toOnnx, UNet, useBackend } from "../../../src/index.js";

beforeAll(async () => {
  await useBackend("reference");
});

it("layers run alone make what the network makes", async () => {
  const net = new UNet({ widths: [4, 8] });
  net.build([[1, 8, 8, 1], [1]]);
  const bytes = await toOnnx(net);
  const whole = await loadOnnx(bytes);
  const shapes = [[1, 1, 16, 16], [1]];
  const numbers = (shape: number[]) => tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => (i % 7) / 7), shape); // prettier-ignore
  const given = new Map<string, Tensor>(whole.inputs.map(({ name }, i) => [name, numbers(shapes[i])]));
  const cases = layerCases(bytes, "unet", ({ name }) => given.get(name)!);
  expect(cases.filter(({ operator }) => operator === "Conv").length).toBeGreaterThan(5);
  const values = new Map(given);
  for (const { bytes: layer, inputs } of cases) {
    const alone = await loadOnnx(layer);
    for (const { name, shape } of inputs) expect(values.get(name)!.shape).toEqual(shape);
    const results = await alone.run(Object.fromEntries(inputs.map(({ name }) => [name, values.get(name)!])));
    for (const [name, t] of Object.entries(results)) values.set(name, t);
  }
  const expected = await whole.run(Object.fromEntries(given));
  const { name } = whole.outputs[0];
  const [a, b] = [await values.get(name)!.data(), await expected[name].data()];
  expect(a.length).toBe(256);
  a.forEach((n, i) => expect(n).toBeCloseTo(b[i], 5));
});

it("layers that do the same work are of one kind", async () => {
  const net = new UNet({ widths: [4, 8] });
  net.build([[1, 8, 8, 1], [1]]);
  const cases = layerCases(await toOnnx(net), "unet", ({ shape }) => tensor(new Float32Array(shape?.length === 4 ? 256 : 1), shape?.length === 4 ? [1, 1, 16, 16] : [1])); // prettier-ignore
  const kinds = new Set(cases.map(({ kind }) => kind));
  expect(kinds.size).toBeLessThan(cases.length);
  expect(new Set(cases.map(({ operator, shapes }) => operator + shapes)).size).toBeLessThanOrEqual(
    kinds.size,
  );
});

it("writes numbers of each type as they are read", () => {
  const data = Float64Array.from([0, 1, 1, 0]);
  const types = ["float", "double", "float16", "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"] as const; // prettier-ignore
  for (const type of types) {
    const proto = encodeTensor("t", { type, shape: [4], data });
    const back = decodeTensor({ floatData: [], int32Data: [], int64Data: [], doubleData: [], uint64Data: [], ...proto } as never, type); // prettier-ignore
    expect([back.type, ...back.data]).toEqual([type, ...data]);
  }
  expect(() => encodeTensor("t", { type: "int4", shape: [4], data })).toThrow(
    /is of int4, which is not written/,
  );
});

it("says how ONNX Runtime is installed where it is not", async () => {
  await expect(onnxRuntime()).rejects.toThrow(/is not installed; run npm install --ignore-scripts onnxruntime-node/); // prettier-ignore
});
