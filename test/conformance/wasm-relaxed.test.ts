// Every case on the WebAssembly module with relaxed SIMD (fused multiply-adds), which Node 20 has behind a flag.

import { setFlagsFromString } from "node:v8";
import { afterAll, describe, expect, it } from "vitest";
import { modulesFor } from "../../src/backend/wasm/instance.js";
import { nodeSurroundings } from "../../src/backend/wasm/surroundings-node.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { openOrSkip } from "./opened.js";
import { conformanceSuite } from "./suite.js";

if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");

const { backend, reason } = await openOrSkip("FOVEA_REQUIRE_WASM", () =>
  createWasmBackend(nodeSurroundings, { threads: 3 }),
);

describe.skipIf(reason)(reason ?? "wasm, relaxed", () => {
  afterAll(() => backend!.close());
  it("is what is chosen where it is understood", () => {
    expect(modulesFor(3)).toEqual(["relaxed-simd-threads", "simd-threads", "simd"]);
    expect(modulesFor(1)).toEqual(["simd"]);
    expect(backend!.info()).toMatchObject({ isa: "relaxed_simd128", threads: 3 });
  });
  conformanceSuite(() => backend!);
});
