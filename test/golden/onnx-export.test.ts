// Models written as ONNX: the file is the one that ONNX Runtime ran, and read again it gives what ONNX Runtime gave, to 1e-5.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/current.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { toOnnx } from "../../src/models/onnx-export.js";
import { loadOnnx } from "../../src/models/onnx-model.js";
import { tensor } from "../../src/tensor/tensor.js";
import { exported, numbers } from "./onnx-export-models.js";

interface Golden {
  readonly runtime: string;
  readonly models: Readonly<Record<string, { readonly shape: readonly number[]; readonly output: string }>>;
}
const golden = JSON.parse(readFileSync(path.join(import.meta.dirname, "onnx-export.json"), "utf8")) as Golden;
setBackend(new ReferenceBackend({ precision: "float32" }));

const folder = process.env.FOVEA_WRITE_ONNX;

describe(`models written as ONNX give what ${golden.runtime} gave`, () => {
  it.each(Object.entries(exported))("%s", async (name, { make, input, sigma }) => {
    const model = make();
    const bytes = await toOnnx(model as never);
    const size = input.reduce((a, b) => a * b, 1);
    if (folder) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `${name}.onnx`), bytes);
      writeFileSync(
        path.join(folder, `${name}.json`),
        JSON.stringify({ input, sigma, data: [...numbers(size)] }),
      );
      return;
    }
    const read = await loadOnnx(bytes);
    expect(read.inputs.map((x) => x.name)).toEqual(sigma ? ["input", "sigma"] : ["input"]);
    const given = { input: tensor(numbers(size), input), ...(sigma && { sigma: tensor([...sigma]) }) };
    const { output } = await read.run(given);
    const { shape, output: packed } = golden.models[name];
    expect(output.shape).toEqual(shape);
    const wanted = new Float32Array(new Uint8Array(Buffer.from(packed, "base64")).buffer);
    const values = await output.data();
    const worst = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - values[i])), 0);
    expect(worst).toBeLessThan(1e-5);
    expect(wanted.some((v) => Math.abs(v) > 0.01)).toBe(true);
    model.dispose();
    read.dispose();
  });

  it("sizes that the model leaves free are free", async () => {
    const read = await loadOnnx(await toOnnx(exported.unet.make() as never));
    expect(read.inputs[0].shape).toEqual(["batch", 3, "height", "width"]);
    expect(read.outputs[0].shape).toEqual(["batch", 3, "height", "width"]);
  });

  it("what is read from ONNX can be written again", async () => {
    const { make, input } = exported.dncnn;
    const first = await loadOnnx(await toOnnx(make() as never));
    const second = await loadOnnx(await toOnnx(first as never));
    const x = tensor(numbers(63), input);
    const [a, b] = [(await first.run({ input: x })).output, (await second.run({ input: x })).output];
    expect(await b.data()).toEqual(await a.data());
  });
});
