// What the plans of matmul and the convolutions share: the ladder's rungs, the cut into tiles, the split of a long k, and
// the epilogue.

import type { KernelCall } from "../../backend.js";
import type { Epilogue } from "../../kernels.js";
import type { DeviceTraits } from "../context.js";
import type { Binding, Dispatch } from "../dispatch.js";
import { ceilDiv, Params, Scratch } from "../dispatch.js";
import { DEFAULT_ALPHA, unaryNumber } from "./functions.js";
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
  reducedPrecision?: boolean;
  /** What it asks of the device. */
  fits(device: DeviceTraits): boolean;
}

const anywhere = () => true;

/** From the bottom up. */
export const ladder: readonly Rung[] = [
  { name: "naive", tile: [1, 1, 1], vec4: false, canSplit: false, fits: anywhere },
  { name: "tiled", tile: [16, 16, 16], vec4: false, canSplit: true, fits: anywhere },
];

/** k is split only into pieces of at least this many steps. */
const LEAST_STEPS_PER_SPLIT = 8;

function splitsFor(product: Product, rung: Rung, tiles: number): number {
  if (!rung.canSplit) return 1;
  const most = Math.floor(product.k / (rung.tile[2] * LEAST_STEPS_PER_SPLIT));
  return Math.max(1, Math.min(most, Math.floor(MANY_GROUPS / Math.max(tiles, 1))));
}

/** The dispatches of a product on a rung. `splits`: pieces of k; without it, as many as keep the GPU busy. */
export function productPlan(product: Product, rung: Rung, forcedSplits?: number): Dispatch[] {
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
  const groups = rung.name === "naive" ? groupsFor(tiles) : tiles * splits;
  const params = new Params()
    .u32(tilesM, tilesN, product.problems, splits, kPerSplit, product.outputs)
    .f32(alpha, 0)
    .u32(...product.params);
  const epilogueReads = [product.bias, product.residual, product.saved];
  const first: Dispatch = {
    shader: `${product.kernel}/${rung.name}`,
    constants: { ...product.constants, ...(isSplit ? { SPLIT: 1 } : epilogueConstants(product.epilogue)) },
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

function epilogueConstants(epilogue: Epilogue): Record<string, number> {
  const constants: Record<string, number> = {};
  if (epilogue.bias) constants.HAS_BIAS = 1;
  if (epilogue.residual) constants.HAS_RESIDUAL = 1;
  if (epilogue.activation) constants.ACTIVATION = unaryNumber(epilogue.activation);
  if (epilogue.gradientOf) constants.GRADIENT_OF = unaryNumber(epilogue.gradientOf);
  return constants;
}

/** Which rung serves a product by default: big tiles for big products. */
export function preferredRung(product: Product, rungs: readonly Rung[]): Rung {
  const fitting = rungs.filter((rung) => serves(rung, product) && !rung.reducedPrecision);
  const byName = (name: string) => fitting.find((rung) => rung.name === name);
  const { m, n, problems } = product;
  const wideTiles = ceilDiv(m, 128) * ceilDiv(n, 128) * problems;
  const isWide = n > 64 && m > 64 && wideTiles >= 32;
  return (
    (isWide ? byName("wide") : undefined) ??
    (m >= 16 && n >= 16 ? (byName("vec4") ?? byName("registers")) : undefined) ??
    byName("tiled") ??
    fitting[0]
  );
}

export const serves = (rung: Rung, product: Product): boolean => !rung.vec4 || product.isVec4;

/** The call's epilogue operands in the order bias, residual, saved. */
export function epilogueBindings(call: KernelCall, epilogue: Epilogue) {
  let next = 2;
  const take = (present: boolean | undefined) => (present ? call.inputs[next++].storage : undefined);
  return {
    bias: take(epilogue.bias),
    residual: take(epilogue.residual),
    saved: take(epilogue.gradientOf !== undefined),
  };
}
