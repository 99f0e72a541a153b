// The addon and dist/ are built one by one: an addon of other sources must be refused by name, not read numbers wrongly.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { heldBy, holders, interfaceName } from "../../../scripts/interface.mjs";

const folder = mkdtempSync(join(tmpdir(), "fovea-interface-"));

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it("names the interface as its sources are (else run: node scripts/interface.mjs)", () => {
  expect(holders.map(heldBy)).toEqual([interfaceName(), interfaceName()]);
});

it("refuses an addon of other sources in one sentence", async () => {
  const old = join(folder, "old.cjs");
  writeFileSync(old, "exports.info = () => ({ isa: 'avx2', kernels: [] });");
  vi.stubEnv("FOVEA_ADDON", old);
  vi.resetModules();
  const { createNativeBackend } = await import("../../../src/backend/native/native-backend.js");
  expect(() => createNativeBackend()).toThrow(
    "the native addon was built from other sources than this version; run: npm run build:addon",
  );
});
