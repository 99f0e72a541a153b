// ONNX's own node tests (project onnx/onnx, Apache-2.0): each a graph of one or a few operators with inputs and expected outputs.
// Those of the operators that networks of images are made of, as far as they are small; scripts/onnx-node-tests.mjs runs them all.

import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { currentBackend, setBackend } from "../../src/backend/current.js";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import type { TensorProto } from "../../src/formats/onnx/messages.js";
import { tensorTable } from "../../src/formats/onnx/messages.js";
import { decodeTensor, type HostArray } from "../../src/formats/onnx/tensors.js";
import { readMessage } from "../../src/formats/onnx/wire.js";
import { loadOnnx } from "../../src/models/onnx-model.js";
import { memory } from "../../src/tensor/memory.js";
import { tensor } from "../../src/tensor/tensor.js";
import { openOrSkip } from "../conformance/opened.js";

const packed = readFileSync(path.join(import.meta.dirname, "onnx-cases.json.gz"));
const cases = JSON.parse(gunzipSync(packed).toString()) as Record<string, Record<string, string>>;

const native = await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend());
afterAll(() => native.backend?.close());

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

function arrays(files: Record<string, string>, start: string): HostArray[] {
  const indexOf = (name: string) => Number(/\d+/.exec(name)![0]);
  return Object.keys(files)
    .filter((name) => name.startsWith(start))
    .sort((a, b) => indexOf(a) - indexOf(b))
    .map((name) => decodeTensor(readMessage<TensorProto>(bytesOf(files[name]), tensorTable, name), name));
}

/** ONNX's own tolerance for float32; what is made of halves has three digits. */
function tolerance(types: readonly string[]): [relative: number, absolute: number] {
  return types.some((type) => type.endsWith("float16")) ? [1e-2, 1e-3] : [1e-3, 1e-6];
}

async function check(files: Record<string, string>, backend: Backend) {
  const before = currentBackend();
  setBackend(backend);
  try {
    const { buffers } = memory();
    const model = await loadOnnx(bytesOf(files["model.onnx"]));
    const [inputs, outputs] = [arrays(files, "input_"), arrays(files, "output_")];
    const given = model.inputs.map(({ name }, i) => [name, tensor(inputs[i].data, inputs[i].shape)] as const);
    const results = await model.run(Object.fromEntries(given));
    const [relative, absolute] = tolerance([...inputs, ...outputs].map(({ type }) => type));
    for (const [i, { name }] of model.outputs.entries()) {
      expect(results[name].shape).toEqual(outputs[i].shape);
      const values = await results[name].data();
      outputs[i].data.forEach((expected, k) => {
        const value = Math.fround(expected);
        const isClose =
          Object.is(values[k], value) || Math.abs(values[k] - value) <= absolute + relative * Math.abs(value);
        if (!isClose && values[k] !== value) expect(`${name}[${k}] = ${values[k]}`).toBe(`${value}`);
      });
    }
    for (const t of [...Object.values(results), ...given.map(([, t]) => t)]) t.dispose();
    model.dispose();
    expect(memory().buffers).toBe(buffers);
  } finally {
    setBackend(before);
  }
}

const all = Object.entries(cases);
it("are all here", () => expect(all.length).toBeGreaterThan(500));

describe("ONNX's node tests pass on reference", () => {
  const backend = new ReferenceBackend({ precision: "float32" });
  it.each(all)("%s", (_name, files) => check(files, backend));
});

describe.skipIf(native.reason)(native.reason ?? "ONNX's node tests pass on native", () => {
  it.each(all)("%s", (_name, files) => check(files, native.backend!));
});
