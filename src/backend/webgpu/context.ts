// What a plan may know about the device it plans for.

import type { KernelCall, Variant } from "../backend.js";
import type { KernelName } from "../kernels.js";
import type { SubgroupMatrixConfig } from "./adapter.js";
import type { Dispatch } from "./dispatch.js";

export interface DeviceTraits {
  readonly f16: boolean;
  /** Lanes of a subgroup, [least, most]; [0, 0] where there are none. */
  readonly subgroups: readonly [number, number];
  readonly matrices: readonly SubgroupMatrixConfig[];
  readonly mostStorageBuffers: number;
  readonly workgroupBytes: number;
  readonly isSoftware: boolean;
}

/** A named way to run a kernel: the calls it serves and the dispatches it makes of one. */
export interface PlannedVariant extends Variant {
  plan(call: KernelCall): Dispatch[];
  /** Whether it is a good choice for a call that it serves; without it, always. */
  prefers?(call: KernelCall): boolean;
  /** Calls of one class are served best by the same variant; set where variants are chosen by measurement. */
  classOf?(call: KernelCall): string;
  /** Its products are rounded to float16, so it is taken only when asked for by name. */
  readonly reducedPrecision?: boolean;
}

/** The plans of some kernels for a device, the usual variant first. */
export type Plans = (device: DeviceTraits) => Partial<Record<KernelName, PlannedVariant[]>>;
