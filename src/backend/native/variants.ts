// The named implementations of each kernel on the addon. A variant's place in its list is the number that C++ is given.

import type { KernelCall, Variant } from "../backend.js";
import { kernels } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { loadAddon } from "./addon.js";
import { convVariants } from "./conv-variants.js";
import { productEncoders } from "./encode-products.js";

const always = (): boolean => true;

/** native/kernels/matmul.cc: packed panels and a register-blocked microkernel; plain loops, for study. */
const matmulVariants: readonly Variant[] = [
  { name: "blocked", supports: always },
  { name: "plain", supports: always },
];

/** native/kernels/conv_table.cc, which also says what each variant supports. */
const convolutionVariants: readonly Variant[] = convVariants.map((name, variant) => ({
  name,
  supports: (call) => {
    const encoder = productEncoders[call.kernel as "conv2d"];
    const numbers = encoder(call as KernelCall<"conv2d">, variant, false);
    return loadAddon().supports(Object.keys(kernels).indexOf(call.kernel), Float64Array.from(numbers));
  },
}));

const onlyVariant: readonly Variant[] = [{ name: "simd", supports: always }];

export function variantsOf(kernel: KernelName): readonly Variant[] {
  if (kernel === "matmul") return matmulVariants;
  if (kernel === "conv2d" || kernel === "conv2dInputGrad" || kernel === "conv2dWeightGrad")
    return convolutionVariants;
  return onlyVariant;
}
