// Files of Keras against what Keras computes (make_keras.py), and what is refused of them.

import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { kerasBytes } from "../../src/formats/keras/index.js";
import { readKeras } from "../../src/formats/keras/keras.js";
import { loadOnnx, tensor, UserError, useBackend } from "../../src/index.js";

interface Numbers {
  readonly shape: number[];
  readonly data: string;
}
interface Golden {
  readonly files: Readonly<Record<"keras" | "h5" | "keras-3.0", string>>;
  readonly input: Numbers;
  readonly output: Numbers;
}

const { operation, weights, ...models } = JSON.parse(
  String(zlib.gunzipSync(fs.readFileSync(path.join(import.meta.dirname, "keras-models.json.gz")))),
) as { operation: string; weights: string } & Record<
  "functional" | "sequential" | "nested" | "chain",
  Golden
>;

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const floats = ({ data }: Numbers) => new Float32Array(bytesOf(data).buffer);
const read = async (bytes: Uint8Array, source = "m.keras") =>
  loadOnnx(kerasBytes(readKeras(bytes, source), source));
const refused = async (bytes: Uint8Array): Promise<string> => {
  const error: unknown = await read(bytes).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain("\n");
  return (error as Error).message;
};
/** The same length, so that archives and HDF5 stay whole. */
function changed(bytes: Uint8Array, from: string, to: string): Uint8Array {
  expect(to.length).toBe(from.length);
  const text = Buffer.from(bytes).toString("latin1");
  expect(text).toContain(from);
  return new Uint8Array(Buffer.from(text.replaceAll(from, to), "latin1"));
}

describe("Keras's files", () => {
  beforeAll(async () => {
    await useBackend("reference");
  });

  const cases = Object.entries(models).flatMap(([name, golden]) =>
    Object.keys(golden.files).map((kind) => [name, kind] as const),
  );
  it.each(cases)("%s as %s gives what Keras gives", async (name, kind) => {
    const { files, input, output } = models[name as "functional"];
    const net = await read(bytesOf(files[kind as "keras"]));
    const y = net.call(tensor(floats(input), input.shape));
    if (!("shape" in y)) throw new Error("one output is expected");
    expect(y.shape).toEqual(output.shape);
    const expected = floats(output);
    const apart = Float32Array.from(await y.data()).reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0); // prettier-ignore
    expect(apart).toBeLessThan(3e-6);
  });

  it("reads a file's Buffer, wherever it lies in memory", async () => {
    const bytes = bytesOf(models.functional.files.h5);
    const within = Buffer.alloc(bytes.length + 1)
      .fill(bytes, 1)
      .subarray(1);
    const weightsIn = async (given: Uint8Array) => [...(await read(given)).parameters()].map(([name, t]) => [name, t.peek(t.size)]); // prettier-ignore
    expect(await weightsIn(within)).toEqual(await weightsIn(bytes));
  });

  it("refuses in one sentence what is none", async () => {
    const { keras, h5 } = models.functional.files;
    expect(await refused(bytesOf(operation))).toMatch(/not known here: keras\.ops Cumsum/);
    expect(await refused(bytesOf(weights))).toMatch(/weights without a model/);
    expect(await refused(new Uint8Array(100))).toMatch(/neither a zip archive nor HDF5/);
    expect(await refused(bytesOf(h5).subarray(0, 3000))).toMatch(/is not sound HDF5/);
    expect(await refused(bytesOf(keras).subarray(0, 3000))).toMatch(/not a sound zip archive/);
    expect(await refused(changed(bytesOf(keras), '"PReLU"', '"Lambd"'))).toMatch(/not known here: Lambd/);
    expect(await refused(changed(bytesOf(keras), '"Concatenate"', '"__proto__"  '))).toMatch(/not known here: __proto__/); // prettier-ignore
    expect(await refused(changed(bytesOf(keras), '{"module": "keras.src', '["module": "keras.src'))).toMatch(/config\.json that is no JSON/); // prettier-ignore
    expect(await refused(changed(bytesOf(h5), "first/kernel", "first/kernex"))).toMatch(/first \(Conv2D\) has no kernel/); // prettier-ignore
  });

  const described = (model: unknown) =>
    kerasBytes({ model, weights: () => undefined, version: 3 }, "m.keras");
  const input = { class_name: "InputLayer", name: "x", config: { batch_shape: [null, null, null, 3] }, inbound_nodes: [] }; // prettier-ignore
  const from = (name: string) => ({
    class_name: "__keras_tensor__",
    config: { keras_history: [name, 0, 0] },
  });
  const functional = (layers: readonly object[], input_layers: unknown, last: string) => ({
    class_name: "Functional",
    config: { name: "net", trainable: true, layers, input_layers, output_layers: [last, 0, 0] },
  });
  const layer = (class_name: string, config: object, args: unknown[], more: object = {}) => ({
    ...{
      class_name,
      name: "y",
      config: { trainable: true, ...config },
      inbound_nodes: [{ args, kwargs: {} }],
    },
    ...more,
  });
  const one = (last: object) => () => described(functional([input, last], ["x", 0, 0], "y"));

  it("refuses by name what it does not do", () => {
    const up = { interpolation: "lanczos3", size: [2, 2] };
    expect(one(layer("UpSampling2D", up, [from("x")]))).toThrow(/interpolation "lanczos3", and nearest, bilinear, bicubic are known/); // prettier-ignore
    expect(one(layer("Odd\n\u001b[31m", {}, [from("x")]))).toThrow("not known here: Odd [31m; export it as ONNX"); // prettier-ignore
    const ops = { module: "keras.src.ops.numpy" };
    expect(one(layer("Add", {}, [from("x"), "two"], ops))).toThrow(/y \(keras\.ops Add\) is given something else than values and numbers/); // prettier-ignore
    expect(one(layer("Add", {}, [from("x")], ops))).toThrow(/y \(keras\.ops Add\) takes two values/);
    expect(one(layer("Mean", { axis: null }, [from("x")], ops))).toThrow(/takes all axes together/);
    expect(one(layer("Add", {}, [from("gone"), 1], ops))).toThrow(/its layer y needs gone, which comes of no layer/); // prettier-ignore
  });

  it("refuses models inside models without end", () => {
    const inside = (depth: number, times: number): object => {
      const model = depth === 0 ? layer("ReLU", {}, [from("x")]) : inside(depth - 1, times);
      const uses = Array.from({ length: times }, () => ({ args: [from("x")], kwargs: {} }));
      return { ...functional([input, { ...model, name: "y" }], ["x", 0, 0], "y"), inbound_nodes: uses };
    };
    expect(() => described(inside(40, 1))).toThrow(/more than 16 models inside each other/);
    expect(() => described(inside(10, 9))).toThrow(/uses more than 20000 layers/);
  });

  it("refuses a shape that claims more than the file holds", async () => {
    const bytes = bytesOf(models.functional.files.h5);
    // The data space of first/kernel, [3, 3, 3, 6], as 64-bit numbers twice: sizes and largest sizes.
    const dims = (list: number[]) => Buffer.from(BigUint64Array.from(list, BigInt).buffer).toString("latin1");
    const lying = changed(bytes, dims([3, 3, 3, 6]), dims([3, 3, 3, 2 ** 40]));
    expect(await refused(lying)).toMatch(/claims more numbers than the file holds/);
  });
});
