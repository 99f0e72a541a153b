// Shaders that this machine's adapter may be unable to run still have to compile: Dawn's "null" backend claims every
// feature and checks everything but runs nothing.

import { afterAll, describe, expect, it } from "vitest";
import type { DeviceTraits } from "../../../src/backend/webgpu/context.js";
import { ladder, matrixShape, textFor } from "../../../src/backend/webgpu/plans/gemm.js";
import { shaders } from "../../../src/backend/webgpu/shaders.generated.js";

interface Dawn {
  create(options: string[]): GPU;
}

let gpu: GPU | undefined; // Dawn crashes if this is collected while the device is in use

async function openNull(): Promise<GPUDevice | undefined> {
  try {
    const { create } = (await import("webgpu")) as unknown as Dawn;
    gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
    const adapter = await gpu.requestAdapter();
    const features = ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"];
    const limits = ["maxComputeWorkgroupStorageSize", "maxStorageBuffersPerShaderStage"] as const;
    const requiredLimits = Object.fromEntries(limits.map((name) => [name, adapter!.limits[name]]));
    return await adapter!.requestDevice({
      requiredFeatures: features as GPUFeatureName[],
      requiredLimits,
    });
  } catch {
    return undefined;
  }
}

/** Devices whose matrix units differ. */
const traits = (M: number, N: number, K: number, subgroup: number): DeviceTraits => ({
  f16: true,
  subgroups: [subgroup, subgroup],
  matrices: [{ componentType: "f16", resultComponentType: "f32", M, N, K }],
  mostStorageBuffers: 8,
  workgroupBytes: 32768,
  isSoftware: false,
});

const device = await openNull();

describe.skipIf(!device)(device ? "shaders" : "the package webgpu cannot be loaded", () => {
  afterAll(() => device!.destroy());

  async function errorsOf(code: string): Promise<string[]> {
    device!.pushErrorScope("validation");
    const module = device!.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    await device!.popErrorScope();
    return messages.filter(({ type }) => type === "error").map((m) => `${m.lineNum}: ${m.message}`);
  }

  const names = Object.keys(shaders).filter((name) => !name.includes("chain"));
  it.each(names.filter((name) => !name.includes("matrix")))("%s compiles", async (name) => {
    expect(await errorsOf(shaders[name as keyof typeof shaders])).toEqual([]);
  });

  const devices: [string, DeviceTraits][] = [
    ["16x16x16, subgroups of 32", traits(16, 16, 16, 32)],
    ["8x16x16, subgroups of 32", traits(8, 16, 16, 32)],
    ["8x8x8, subgroups of 32", traits(8, 8, 8, 32)],
    ["16x16x16, subgroups of 64", traits(16, 16, 16, 64)],
    ["software", { ...traits(16, 16, 16, 32), isSoftware: true }],
  ];
  // Products get their text from the plan: loops are written out or kept, and matrix units have sizes.
  const products = ["matmul", "conv2d", "conv2dInputGrad", "conv2dWeightGrad"].flatMap((kernel) =>
    ladder
      .filter((rung) => rung.name !== "direct" && `${kernel}/${rung.shader ?? rung.name}` in shaders)
      .map((rung) => [`${kernel}/${rung.shader ?? rung.name}`, rung] as const),
  );
  const cases = products.flatMap(([name, rung]) =>
    devices
      .filter(([what]) => name.includes("matrix") || /16x16x16, subgroups of 32|software/.test(what))
      .map(([what, own]) => [name, what, rung, own] as const),
  );
  it.each(cases)("%s compiles for %s", async (name, _, rung, own) => {
    expect(rung.fits(own)).toBe(true);
    const code = textFor(name, rung, own);
    if (name.includes("matrix")) expect(code).toContain(`const M = ${matrixShape(own)!.M}u;`);
    if (!name.endsWith("naive")) expect(/p\.gemm\.one/.test(code)).toBe(own.isSoftware);
    expect(await errorsOf(code)).toEqual([]);
  });

  it("knows an error when it sees one", async () => {
    expect(await errorsOf("fn main() { let x = missing; }")).toHaveLength(1);
  });
});
