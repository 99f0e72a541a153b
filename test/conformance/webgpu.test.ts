// Every case on WebGPU, on each variant that supports it; and as programs.

import { afterAll, describe } from "vitest";
import { createWebgpuBackend } from "../../src/backend/webgpu/backend.js";
import { openOrSkip } from "./opened.js";
import { programSuite } from "./programs.js";
import { conformanceSuite } from "./suite.js";

const { backend, reason } = await openOrSkip("FOVEA_REQUIRE_WEBGPU", () => createWebgpuBackend());

describe.skipIf(reason)(reason ?? "webgpu", () => {
  afterAll(() => backend!.close());
  conformanceSuite(
    () => backend!,
    backend?.isSoftware ? "a large case, and this GPU is made of software" : undefined,
  );
  programSuite(() => backend!);
});
