// The named implementations of each kernel on the addon. A variant's place in its list is the number that C++ is given.

import type { Variant } from "../backend.js";
import type { KernelName } from "../kernels.js";
import { convVariants } from "./conv-variants.js";

const always = (): boolean => true;

/** native/kernels/matmul.cc: packed panels and a register-blocked microkernel; plain loops, for study. */
const matmulVariants: readonly Variant[] = [
  { name: "blocked", supports: always },
  { name: "plain", supports: always },
];

/** native/kernels/conv_table.cc. */
const convolutionVariants: readonly Variant[] = convVariants.map((name) => ({ name, supports: always }));

const onlyVariant: readonly Variant[] = [{ name: "simd", supports: always }];

export function variantsOf(kernel: KernelName): readonly Variant[] {
  if (kernel === "matmul") return matmulVariants;
  if (kernel === "conv2d" || kernel === "conv2dInputGrad" || kernel === "conv2dWeightGrad")
    return convolutionVariants;
  return onlyVariant;
}
