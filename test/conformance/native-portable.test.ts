// Every case on the addon's portable kernels, which run on any processor: FOVEA_ISA is read when the addon loads.

import { afterAll, describe, expect, it } from "vitest";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { openOrSkip } from "./opened.js";
import { conformanceSuite } from "./suite.js";

process.env.FOVEA_ISA = "portable";
const opened = await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend());
const { backend } = opened;
const isBuilt = backend?.info().isas.includes("portable");
const reason =
  opened.reason ?? (isBuilt ? undefined : "the addon has no portable kernels; build it with FOVEA_ISAS=all");

describe.skipIf(reason)(reason ?? "native, portable", () => {
  afterAll(() => backend!.close());
  it("runs the portable kernels", () => {
    expect(backend!.info().isa).toBe("portable");
  });
  conformanceSuite(() => backend!);
});
