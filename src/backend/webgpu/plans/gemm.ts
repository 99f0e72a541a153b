// What the plans of matmul and the convolutions share: the ladder's rungs, the cut into tiles, the split of a long k, and
// the epilogue.

import { DEFAULT_ALPHA, type Epilogue, unaryFunctions } from "../../attributes.js";
import type { KernelCall } from "../../backend.js";
import { epilogueOperands } from "../../kernels.js";
import type { DeviceTraits } from "../context.js";
import type { Binding, Dispatch } from "../dispatch.js";
import { ceilDiv, Params, Scratch } from "../dispatch.js";
import type { SubgroupMatrixConfig } from "../adapter.js";
import { kept, unrolled } from "../loops.js";
import { filled, sourceOf } from "../pipelines.js";
import { groupsFor } from "./elementwise.js";
import { MANY_GROUPS } from "./reduce.js";

/** A product of matrices as a kernel sees it: `problems` products of [m, k] by [k, n]. */
export interface Product {
  /** The folder in shaders/. */
  kernel: string;
  problems: number;
  m: number;
  n: number;
  k: number;
  a: Binding;
  b: Binding;
  bias?: Binding;
  residual?: Binding;
  saved?: Binding;
  y: Binding;
  outputs: number;
  /** Channels of y: what the bias has. */
  channels: number;
  epilogue: Epilogue;
  constants: Record<string, number>;
  /** Whether every contiguous run has a multiple of four elements. */
  isVec4: boolean;
  /** The words of the shader's Params behind the common ones. */
  params: readonly number[];
}

/** One algorithm of shaders/gemm/. */
export interface Rung {
  name: string;
  /** Rows and columns of a workgroup's tile, and its step along k. */
  tile: readonly [m: number, n: number, k: number];
  vec4: boolean;
  canSplit: boolean;
  /** B must not lie along k. */
  needsRowsOfB?: boolean;
  /** Tiles are those of a thread, not of a workgroup. */
  threads?: boolean;
  /** The kernels that have it; without it, all. */
  kernels?: readonly string[];
  reducedPrecision?: boolean;
  /** The file's name where it is not the rung's. */
  shader?: string;
  /** Completes the shader's text for a device. */
  source?(text: string, device: DeviceTraits): string;
  /** What it asks of the device. */
  fits(device: DeviceTraits): boolean;
}

const anywhere = () => true;

/** A matrix product of the device with float16 in and float32 out, whose blocks fill a subgroup's part of a tile. */
export function matrixShape(device: DeviceTraits): SubgroupMatrixConfig | undefined {
  const [least, most] = device.subgroups;
  if (!device.f16 || least !== most || least < 8 || least > 64) return undefined;
  const rows = 128 / (256 / least / 2);
  return device.matrices.find(
    ({ componentType, resultComponentType, M, N, K }) =>
      componentType === "f16" &&
      resultComponentType === "f32" &&
      rows % M === 0 &&
      64 % N === 0 &&
      32 % K === 0,
  );
}

/** From the bottom up. */
export const ladder: readonly Rung[] = [
  { name: "naive", tile: [1, 1, 1], vec4: false, canSplit: false, threads: true, fits: anywhere },
  { name: "tiled", tile: [16, 16, 16], vec4: false, canSplit: true, fits: anywhere },
  { name: "registers", tile: [64, 64, 16], vec4: false, canSplit: true, fits: anywhere },
  { name: "vec4", tile: [64, 64, 16], vec4: true, canSplit: true, fits: anywhere },
  {
    name: "wide",
    tile: [128, 128, 16],
    vec4: true,
    canSplit: true,
    fits: (device) => device.workgroupBytes >= 32768,
  },
  {
    name: "subgroup",
    tile: [8, 1024, 1],
    vec4: true,
    canSplit: false,
    needsRowsOfB: true,
    fits: (device) => device.subgroups[0] >= 4,
  },
  {
    name: "f16",
    tile: [128, 128, 16],
    vec4: true,
    canSplit: true,
    reducedPrecision: true,
    fits: (device) => device.f16,
  },
  {
    name: "subgroup-matrix-f16",
    shader: "subgroup-matrix",
    tile: [128, 128, 32],
    vec4: true,
    canSplit: true,
    reducedPrecision: true,
    fits: (device) => matrixShape(device) !== undefined,
    source: (text, device) => {
      const { M, N, K } = matrixShape(device)!;
      const sizes = Object.entries({ M, N, K, SUBGROUP: device.subgroups[0] });
      return filled(text, { sizes: sizes.map(([name, size]) => `const ${name} = ${size}u;`) });
    },
  },
  {
    name: "direct",
    tile: [1, 4, 1],
    vec4: false,
    canSplit: false,
    threads: true,
    kernels: ["conv2d", "conv2dInputGrad"],
    fits: anywhere,
  },
];

/** Made once for a device. */
const texts = new WeakMap<DeviceTraits, Map<string, string>>();

/** A rung's shader as a device gets it. */
export function textFor(shader: string, rung: Rung, device: DeviceTraits): string {
  if (!texts.has(device)) texts.set(device, new Map());
  const known = texts.get(device)!;
  let text = known.get(shader);
  if (text === undefined) {
    text = rung.source?.(sourceOf(shader), device) ?? sourceOf(shader);
    text = device.isSoftware ? kept(text, "p.gemm.one") : unrolled(text);
    known.set(shader, text);
  }
  return text;
}

/** k is split only into pieces of at least this many steps. */
const LEAST_STEPS_PER_SPLIT = 8;

function splitsFor(product: Product, rung: Rung, tiles: number): number {
  if (!rung.canSplit) return 1;
  const most = Math.floor(product.k / (rung.tile[2] * LEAST_STEPS_PER_SPLIT));
  return Math.max(1, Math.min(most, Math.floor(MANY_GROUPS / Math.max(tiles, 1))));
}

/** The dispatches of a product on a rung. `splits`: pieces of k; without it, as many as keep the GPU busy. */
export function productPlan(
  device: DeviceTraits,
  product: Product,
  rung: Rung,
  forcedSplits?: number,
): Dispatch[] {
  const [tileM, tileN, tileK] = rung.tile;
  const tilesM = ceilDiv(product.m, tileM);
  const tilesN = ceilDiv(product.n, tileN);
  const tiles = tilesM * tilesN * product.problems;
  const wanted = forcedSplits ?? splitsFor(product, rung, tiles);
  const kPerSplit = Math.max(ceilDiv(ceilDiv(product.k, wanted), tileK) * tileK, tileK);
  const splits = Math.max(ceilDiv(product.k, kPerSplit), 1);
  const alpha = product.epilogue.alpha ?? DEFAULT_ALPHA;
  const isSplit = splits > 1;
  const target = isSplit ? new Scratch(splits * product.outputs) : product.y;
  const groups = rung.threads ? groupsFor(tiles) : tiles * splits;
  const params = new Params()
    .u32(tilesM, tilesN, product.problems, splits, kPerSplit, product.outputs)
    .f32(alpha)
    .u32(1, epilogueBits(product.epilogue), 0, 0, 0)
    .u32(...product.params);
  const epilogueReads = [product.bias, product.residual, product.saved];
  const shader = `${product.kernel}/${rung.shader ?? rung.name}`;
  const first: Dispatch = {
    shader,
    source: textFor(shader, rung, device),
    constants: {
      ...product.constants,
      ...(isSplit ? { SPLIT: 1 } : {}),
      ...(device.isSoftware ? { GENERIC: 1 } : isSplit ? {} : epilogueConstants(product.epilogue)),
    },
    reads: [product.a, product.b, ...(isSplit ? [undefined, undefined, undefined] : epilogueReads)],
    writes: [target],
    params,
    groups: product.outputs === 0 ? 0 : groups,
  };
  if (!isSplit) return [first];
  const combine: Dispatch = {
    shader: "gemm-combine/splits",
    constants: epilogueConstants(product.epilogue),
    reads: [target, undefined, ...epilogueReads],
    writes: [product.y],
    params: new Params().u32(product.outputs, splits, product.channels).f32(alpha),
    groups: groupsFor(product.outputs),
  };
  return [first, combine];
}

const NO_FUNCTION = 99;

/** The epilogue as a number, for GENERIC. */
function epilogueBits({ bias, residual, activation = "linear", gradientOf }: Epilogue): number {
  const gradient = gradientOf ? unaryFunctions.indexOf(gradientOf) : NO_FUNCTION;
  return (
    Number(bias ?? false) |
    (Number(residual ?? false) << 1) |
    (unaryFunctions.indexOf(activation) << 8) |
    (gradient << 16)
  );
}

function epilogueConstants(epilogue: Epilogue): Record<string, number> {
  const constants: Record<string, number> = {};
  if (epilogue.bias) constants.HAS_BIAS = 1;
  if (epilogue.residual) constants.HAS_RESIDUAL = 1;
  if (epilogue.activation) constants.ACTIVATION = unaryFunctions.indexOf(epilogue.activation);
  if (epilogue.gradientOf) constants.GRADIENT_OF = unaryFunctions.indexOf(epilogue.gradientOf);
  return constants;
}

/** Which rung serves a product by default: big tiles for big products. */
export function preferredRung(product: Product, rungs: readonly Rung[]): Rung {
  const fitting = rungs.filter((rung) => serves(rung, product) && !rung.reducedPrecision);
  const byName = (name: string) => fitting.find((rung) => rung.name === name);
  const { m, n, problems } = product;
  const wideTiles = ceilDiv(m, 128) * ceilDiv(n, 128) * problems;
  const isWide = n > 64 && m > 64 && wideTiles >= 32;
  // Tiles would be mostly empty: few outputs a pixel, or a short k.
  const isThin = n <= 8 || product.k <= 36;
  return (
    (isThin ? byName("direct") : undefined) ??
    (isWide ? byName("wide") : undefined) ??
    (m >= 16 && n >= 16 ? (byName("vec4") ?? byName("registers")) : undefined) ??
    byName("tiled") ??
    fitting[0]
  );
}

export const serves = (rung: Rung, product: Product): boolean =>
  (rung.kernels?.includes(product.kernel) ?? true) &&
  (!rung.vec4 || product.isVec4) &&
  !(rung.needsRowsOfB && product.constants.B_ALONG_K);

/** The storages of a call's epilogue; of a weight gradient none. */
export function epilogueBindings(call: KernelCall) {
  const { bias, residual, saved } = epilogueOperands(call as KernelCall<"matmul">);
  return { bias: bias?.storage, residual: residual?.storage, saved: saved?.storage };
}
