// Every case on the WebAssembly module without threads, which serves pages that are not isolated.

import { afterAll, describe, expect, it } from "vitest";
import { nodeSurroundings } from "../../src/backend/wasm/surroundings-node.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { openOrSkip } from "./opened.js";
import { conformanceSuite } from "./suite.js";

const { backend, reason } = await openOrSkip("FOVEA_REQUIRE_WASM", () =>
  createWasmBackend(nodeSurroundings, { module: "simd" }),
);

describe.skipIf(reason)(reason ?? "wasm, one thread", () => {
  afterAll(() => backend!.close());
  it("has one thread", () => {
    expect(backend!.info()).toMatchObject({ isa: "simd128", threads: 1 });
  });
  conformanceSuite(() => backend!);
});
