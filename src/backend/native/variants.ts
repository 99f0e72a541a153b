// The named implementations of each kernel on the addon. A variant's place in its list is the number that C++ is given.

import type { KernelCall, Variant } from "../backend.js";
import { epilogueOperands, kernels } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { loadAddon } from "./addon.js";
import { productEncoders } from "./encode-products.js";

const always = (): boolean => true;

/** native/kernels/matmul/matmul.cc: packed panels and a register-blocked microkernel; plain loops, for study. */
const matmulVariants: readonly Variant[] = [
  { name: "blocked", supports: always },
  { name: "plain", supports: always },
];

/** native/kernels/conv/table.cc; a variant.cc says what each variant supports and costs; a shape gets the cheapest. */
let convolutionVariants: readonly Variant[] | undefined;

const convolutions = (): readonly Variant[] =>
  (convolutionVariants ??= loadAddon()
    .info()
    .convVariants.map((name, variant) => ({
      name,
      supports: (call) => variantOf(call, variant) === variant,
    })));

/** The variant that serves a convolution's call: the one with this number, or for -1 the cheapest; -1 if it cannot. */
function variantOf(call: KernelCall, variant: number): number {
  const encoder = productEncoders[call.kernel as "conv2d"];
  const numbers = encoder(call as KernelCall<"conv2d">, variant, false);
  return loadAddon().variantOf(Object.keys(kernels).indexOf(call.kernel), Float64Array.from(numbers));
}

const onlyVariant: readonly Variant[] = [{ name: "simd", supports: always }];

export function variantsOf(kernel: KernelName): readonly Variant[] {
  if (kernel === "matmul") return matmulVariants;
  return isConvolution(kernel) ? convolutions() : onlyVariant;
}

/** The variant that a call gets when it names none. */
export function defaultVariant(call: KernelCall): string | undefined {
  if (isConvolution(call.kernel)) return convolutions()[variantOf(call, -1)]?.name;
  return variantsOf(call.kernel)[0].name;
}

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

const isConvolution = (kernel: KernelName): boolean =>
  kernel === "conv2d" || kernel === "conv2dInputGrad" || kernel === "conv2dWeightGrad";
