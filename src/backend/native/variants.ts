// The named implementations of each kernel on the addon, which has the list of them (native/kernels/matmul/variants.h, conv/table.cc).
// A variant's place in it is the number that C++ is given.

import type { KernelCall, Variant } from "../backend.js";
import { epilogueOperands, kernels } from "../kernels.js";
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

/** The number of the variant that serves a call: the one with this number or, for -1, the kernel's choice; -1 if it cannot. */
function variantOf(call: KernelCall, variant: number): number {
  if (!(call.kernel in productEncoders)) return 0;
  const encoder = productEncoders[call.kernel as "conv2d"];
  const numbers = encoder(call as KernelCall<"conv2d">, variant, false);
  return loadAddon().variantOf(numberOf(call.kernel), Float64Array.from(numbers));
}

const numberOf = (kernel: KernelName): number => Object.keys(kernels).indexOf(kernel);

/**
 * Convolutions end their sums in registers: residual and saved values are read there, just before the result is stored. Other
 * activations than these end in a second pass over what was stored (native/kernels/conv/microkernel/tile.cc), as matmul's all do.
 */
export function overwritable(call: KernelCall): readonly number[] {
  if (call.kernel !== "conv2d" && call.kernel !== "conv2dInputGrad") return [];
  const convolution = call as KernelCall<"conv2d" | "conv2dInputGrad">;
  const { activation, gradientOf } = convolution.attributes.epilogue ?? {};
  const inRegisters = [undefined, "relu", "leakyRelu"];
  if (!inRegisters.includes(activation) || !inRegisters.includes(gradientOf)) return [];
  const { residual, saved } = epilogueOperands(convolution);
  return [residual, saved].flatMap((operand) => (operand ? [call.inputs.indexOf(operand)] : []));
}
