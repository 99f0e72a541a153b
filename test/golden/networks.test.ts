// Networks by the names of their tensors against PyTorch (make_networks.py).

import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { networkOf } from "../../src/formats/networks/index.js";
import type { Weights } from "../../src/formats/pytorch.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { loadOnnx, tensor, useBackend } from "../../src/index.js";

const golden = readSafetensors(
  new Uint8Array(fs.readFileSync(path.join(import.meta.dirname, "networks.safetensors"))),
  "networks.safetensors",
).tensors as ReadonlyMap<string, Weights>;

const stateDict = (name: string): Map<string, Weights> =>
  new Map(
    [...golden].flatMap(([key, t]) =>
      key.startsWith(`${name}/`) ? [[key.slice(name.length + 1), t] as const] : [],
    ),
  );

const esrgan = ["rrdb", "rrdb-oldest", "rrdb-second", "rrdb-fold", "rrdb-fold4", "rrdb-same", "rrdb-plus"];
const known: Readonly<Record<string, string>> = {
  ...{ dncnn: "DnCNN", "dncnn-norm": "DnCNN", ircnn: "IRCNN", fdncnn: "FDnCNN" },
  ...{ "ffdnet-grey": "FFDNet", "ffdnet-colour": "FFDNet", drunet: "DRUNet", compact: "SRVGGNetCompact" },
  ...Object.fromEntries(esrgan.map((name) => [name, "ESRGAN (RRDBNet)"])),
  ...{ ecbsr: "ECBSR", span: "SPAN", rlfn: "RLFN", safmn: "SAFMN", nafnet: "NAFNet", scunet: "SCUNet" },
};

describe("networks by the names of their tensors", () => {
  beforeAll(async () => {
    await useBackend("reference");
  });

  it.each(Object.entries(known))("%s is %s and computes what PyTorch does", async (name, architecture) => {
    const found = networkOf(stateDict(name), "net.pth");
    expect(found.architecture).toBe(architecture);
    const model = await loadOnnx(found.bytes);
    const [input, output] = ["input", "output"].map((part) =>
      golden.get(`${name.replace(/-(oldest|second)$/, "")}:${part}`)!,
    );
    const sigma = { sigma: tensor([0.1, 0.2]) };
    const given = { input: tensor(input.data, input.shape), ...(model.inputs.length > 1 && sigma) };
    const y = (await model.run(given)).output;
    expect(y.shape).toEqual(output.shape);
    const numbers = await y.data();
    const largest = output.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const apart = output.data.reduce((most, b, i) => Math.max(most, Math.abs(b - numbers[i])), 0);
    expect(apart / largest).toBeLessThan(1e-5);
  });

  it("trains SCUNet's own tensors, not the masks of its windows", async () => {
    const model = await loadOnnx(networkOf(stateDict("scunet"), "net.pth").bytes);
    expect(model.parameters().size).toBe(stateDict("scunet").size);
  });

  it("tells what does not fit, side by side", () => {
    const tensors = stateDict("span");
    tensors.delete("block_3.c2_r.sk.bias");
    tensors.set("conv_cat.weight", { shape: [4, 8, 1, 1], data: new Float32Array(32) });
    tensors.set("extra.weight", { shape: [3], data: new Float32Array(3) });
    expect(() => networkOf(tensors, "net.pth")).toThrow(
      "net.pth has the names of SPAN, but its tensors do not fit: block_3.c2_r.sk.bias: [4] expected, none in the file; conv_cat.weight: [4, 16, 1, 1] expected, [4, 8, 1, 1] in the file; extra.weight: nothing expected, [3] in the file.",
    );
  });

  it("tells which networks it knows", () => {
    const tensors = new Map([["a.b", { shape: [2], data: new Float32Array(2) }]]);
    expect(() => networkOf(tensors, "net.pth")).toThrow(/^net.pth holds the tensors of no network .*DRUNet/);
  });
});
