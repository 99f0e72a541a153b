// Layers models of TensorFlow.js against what TensorFlow.js computes (make_tfjs.mjs), and what is refused of them.

import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tfjsBytes } from "../../src/formats/tensorflow/index.js";
import { loadOnnx, tensor, useBackend } from "../../src/index.js";

interface Numbers {
  readonly shape: number[];
  readonly data: string;
}
interface Golden {
  readonly "model.json": {
    modelTopology: Record<string, unknown>;
    weightsManifest: Record<string, unknown>[];
  };
  readonly "weights.bin": string;
  readonly input: Numbers;
  readonly output: Numbers;
}

const file = path.join(import.meta.dirname, "tfjs-models.json");
const golden = JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, Golden>;
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const floats = ({ data }: Numbers) => new Float32Array(bytesOf(data).buffer);
const load = async (model: unknown, weights = golden.functional["weights.bin"]) => {
  const bytes = new TextEncoder().encode(JSON.stringify(model));
  return loadOnnx(tfjsBytes(bytes, "model.json", () => bytesOf(weights)));
};
/** The functional model, changed. */
const changed = (from: string, to: string) =>
  load(JSON.parse(JSON.stringify(golden.functional["model.json"]).replace(from, to)));

describe("TensorFlow.js's layers models", () => {
  beforeAll(async () => {
    await useBackend("reference");
  });

  it.each(Object.keys(golden))("%s gives what TensorFlow.js gives", async (name) => {
    const { "model.json": model, "weights.bin": weights, input, output } = golden[name];
    const net = await load(model, weights);
    const y = net.call(tensor(floats(input), input.shape));
    if (!("shape" in y)) throw new Error("one output is expected");
    expect(y.shape).toEqual(output.shape);
    const expected = floats(output);
    const apart = Float32Array.from(await y.data()).reduce(
      (most, v, i) => Math.max(most, Math.abs(v - expected[i])),
      0,
    );
    expect(apart).toBeLessThan(2e-6);
  });

  it("reads weights of 8 bits", async () => {
    const { "model.json": model, "weights.bin": weights } = golden.sequential;
    const [group] = model.weightsManifest as { weights: { shape: number[]; dtype: string }[] }[];
    const quantised = group.weights.map((w) => ({
      ...w,
      quantization: { dtype: "uint8", scale: 0.5, min: -3 },
    }));
    const total = group.weights.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
    const net = await load(
      { ...model, weightsManifest: [{ paths: ["w"], weights: quantised }] },
      Buffer.from(new Uint8Array(total).fill(8)).toString("base64"),
    );
    expect(weights.length).toBeGreaterThan(total);
    for (const t of net.parameters().values()) expect(new Set(await t.data())).toEqual(new Set([1]));
  });

  it("refuses what is none, in one sentence", async () => {
    await expect(
      load({ modelTopology: { class_name: "Magic", config: { layers: [] } }, weightsManifest: [] }),
    ).rejects.toThrow(/it is a Magic/);
    await expect(changed('"PReLU"', '"__proto__"')).rejects.toThrow(
      /layers that are not known here: __proto__/,
    );
    await expect(changed('3,6],"dtype":"float32"', '3,6],"dtype":"string"')).rejects.toThrow(
      /of the type string/,
    );
    await expect(load(golden.functional["model.json"], "AAAA")).rejects.toThrow(
      /fewer bytes than its weight/,
    );
    await expect(changed('"activation":"elu"', '"activation":"eluu"')).rejects.toThrow(
      /has the activation "eluu"/,
    );
  });

  it("refuses graphs that are none or not known, in one sentence", async () => {
    const graph = (from: string, to: string) => {
      const text = JSON.stringify(golden.graph["model.json"]);
      expect(text).toContain(from);
      return load(JSON.parse(text.replaceAll(from, to)), golden.graph["weights.bin"]);
    };
    await expect(graph('"op":"Relu6"', '"op":"__proto__"')).rejects.toThrow(/operations that are not known here: __proto__;/); // prettier-ignore
    await expect(graph('"op":"Rsqrt"', '"op":"Magic"')).rejects.toThrow(/not known here: Magic;/);
    await expect(graph('"op":"Placeholder","input":[]', '"op":"Neg","input":["Relu6_93"]')).rejects.toThrow(/has a circle|which is not in it/); // prettier-ignore
    await expect(graph('"name":"Const_1","shape"', '"name":"Other","shape"')).rejects.toThrow(
      /has no numbers for/,
    );
    await expect(graph('"TkhXQw=="', '"TkNIVw=="')).rejects.toThrow(/has images as NCHW/);
    await expect(graph('"TkhXQw=="', '"T=hX"')).rejects.toThrow(/has a text that is none/);
    await expect(graph('"size":"3"', '"size":"x"')).rejects.toThrow(/has no shape/);
    await expect(graph('"shape":[3,3,3,6]', '"shape":[3,3,18]')).rejects.toThrow(/has weights of 3 axes/);
  });
});
