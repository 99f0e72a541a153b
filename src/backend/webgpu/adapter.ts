// Finds an adapter and opens a device on it with everything it offers, and says in words what it is.

import { UserError } from "../../base/errors.js";
import type { DawnOptions } from "./dawn.js";
import { openDawn } from "./dawn.js";

export interface AdapterDescription {
  name: string;
  vendor: string;
  architecture: string;
  /** The driver's own words. */
  driver: string;
  /** A CPU pretends to be a GPU (llvmpipe, SwiftShader, WARP): right for tests, slower than the other backends. */
  isSoftware: boolean;
  features: string[];
  limits: Record<string, number>;
  /** Lanes of a subgroup, [least, most]; [0, 0] without the feature. */
  subgroupSize: [number, number];
  /** Shapes of matrix products in hardware, as "f16 16x16x16 -> f32"; empty without the feature. */
  subgroupMatrices: string[];
}

/** One shape of `chromium-experimental-subgroup-matrix`; not in @webgpu/types. */
export interface SubgroupMatrixConfig {
  componentType: string;
  resultComponentType: string;
  M: number;
  N: number;
  K: number;
}

export interface OpenedDevice {
  device: GPUDevice;
  description: AdapterDescription;
  matrixConfigs: readonly SubgroupMatrixConfig[];
}

const WANTED_FEATURES = [
  "shader-f16",
  "subgroups",
  "timestamp-query",
  "chromium-experimental-subgroup-matrix",
];
const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** What `requestAdapter` finds, or undefined. `gpu` is a browser's; without it Dawn is loaded. */
export async function findAdapter(
  gpu: GPU | undefined,
  options: DawnOptions = {},
): Promise<GPUAdapter | undefined> {
  const instance = gpu ?? (await openDawn(options));
  try {
    return (await instance.requestAdapter({ powerPreference: "high-performance" })) ?? undefined;
  } catch (error) {
    if (!options.adapterName) return undefined;
    throw new UserError(`no WebGPU adapter is called "${options.adapterName}": ${String(error)}`);
  }
}

export async function openDevice(gpu: GPU | undefined, options: DawnOptions = {}): Promise<OpenedDevice> {
  const adapter = await findAdapter(gpu, options);
  if (!adapter)
    throw new UserError(
      "no WebGPU adapter was found: install a Vulkan driver (fovea doctor says which), or use the backend native",
    );
  const description = describeAdapter(adapter);
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
  const device = await adapter.requestDevice({
    requiredFeatures: WANTED_FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[],
    requiredLimits,
  });
  return { device, description, matrixConfigs: matrixConfigsOf(adapter) };
}

function matrixConfigsOf(adapter: GPUAdapter): readonly SubgroupMatrixConfig[] {
  const configs = (adapter.info as { subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> })
    .subgroupMatrixConfigs;
  return configs ? [...configs] : [];
}

export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const info = adapter.info;
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  const limits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) limits[name] = adapter.limits[name];
  return {
    name: info.device || info.description || info.vendor || "unknown",
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    isSoftware:
      info.isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|software|basic render|warp/.test(text),
    features: [...adapter.features].sort(),
    limits,
    subgroupSize: adapter.features.has("subgroups")
      ? [info.subgroupMinSize ?? 0, info.subgroupMaxSize ?? 0]
      : [0, 0],
    subgroupMatrices: matrixConfigsOf(adapter).map(
      (c) => `${c.componentType} ${c.M}x${c.N}x${c.K} -> ${c.resultComponentType}`,
    ),
  };
}
