// Published DnCNN weights against an output that PyTorch made of them, on the specification and on the addon.

import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { currentBackend, setBackend } from "../../src/backend/current.js";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { readSafetensorsFile } from "../../src/formats/files.js";
import { createModel, loadWeights } from "../../src/models/index.js";
import { scope } from "../../src/tensor/scope.js";
import { tensor } from "../../src/tensor/tensor.js";
import { openOrSkip } from "../conformance/opened.js";

const native = await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend());
afterAll(() => native.backend?.close());

const shared = path.resolve(import.meta.dirname, "../../../shared/data/weights");

describe.skipIf(!existsSync(shared))("published DnCNN weights (needs ../shared)", () => {
  const read = (name: string) => readSafetensorsFile(path.join(shared, name)).tensors;

  async function check(backend: Backend) {
    const before = currentBackend();
    setBackend(backend);
    try {
      using _ = scope();
      const model = createModel({ architecture: "dncnn" });
      loadWeights(model, read("dncnn-s-25.safetensors"), "dncnn-s-25.safetensors");
      const tensors = read("dncnn-s-25.golden.safetensors");
      const values = (name: string) => tensors.get(name)!.data as Float32Array; // [1, 1, 64, 80]: one channel, so NCHW is NHWC
      const y = await model.call(tensor(values("input"), [1, 64, 80, 1])).data();
      const worst = values("output").reduce((most, v, i) => Math.max(most, Math.abs(v - y[i])), 0);
      expect(worst).toBeLessThan(1e-5);
      model.dispose();
    } finally {
      setBackend(before);
    }
  }

  it("give their golden output on the reference backend", { timeout: 600_000 }, () =>
    check(new ReferenceBackend({ precision: "float32" })),
  );
  it.skipIf(native.reason)(native.reason ?? "and on the addon", () => check(native.backend!));
});
