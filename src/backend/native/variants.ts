// The named implementations of each kernel on the addon, which has the list of them (native/kernels/matmul/variants.h, conv/table.cc).
// A variant's place in it is the number that C++ is given.

import type { KernelCall, Variant } from "../backend.js";
import { kernels } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { loadAddon } from "./addon.js";
import { productEncoders } from "./encode-products.js";

const made = new Map<KernelName, readonly Variant[]>();

export function variantsOf(kernel: KernelName): readonly Variant[] {
  let variants = made.get(kernel);
  if (!variants) {
    variants = loadAddon()
      .info()
      .variants[numberOf(kernel)].map((name, i) => ({ name, supports: (call) => variantOf(call, i) === i }));
    made.set(kernel, variants);
  }
  return variants;
}

/** The variant that a call gets when it names none: of a convolution the cheapest for its shape. */
export const defaultVariant = (call: KernelCall): string | undefined =>
  variantsOf(call.kernel)[variantOf(call, -1)]?.name;

/** The operands in whose place a call may put its output, by their numbers. */
export const overwritable = (call: KernelCall): readonly number[] =>
  isProduct(call) ? loadAddon().overwritable(numberOf(call.kernel), numbersOf(call, -1)) : [];

/** The number of the variant that serves a call: the one with this number or, for -1, the kernel's choice; -1 if it cannot. */
const variantOf = (call: KernelCall, variant: number): number =>
  isProduct(call) ? loadAddon().variantOf(numberOf(call.kernel), numbersOf(call, variant)) : 0;

const isProduct = (call: KernelCall): boolean => call.kernel in productEncoders;

const numbersOf = (call: KernelCall, variant: number): Float64Array =>
  Float64Array.from(productEncoders[call.kernel as "conv2d"](call as KernelCall<"conv2d">, variant, false));

const numberOf = (kernel: KernelName): number => Object.keys(kernels).indexOf(kernel);
