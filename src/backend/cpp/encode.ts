// From a call to what the C++ engine takes: the kernel's number and the flat list of numbers that its C++ reads.

import type { KernelCall, Variant } from "../backend.js";
import { kernels } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import { elementEncoders } from "./encode-elements.js";
import type { ElementKernel } from "./encode-elements.js";
import { productEncoders } from "./encode-products.js";
import type { ProductKernel } from "./encode-products.js";
import type { Variants } from "./variants.js";

/** A kernel's place in the catalogue is its number in the engine. */
export const kernelNames = Object.keys(kernels) as KernelName[];
const numberOf = new Map(kernelNames.map((name, i) => [name, i]));

const isProduct = (kernel: KernelName): kernel is ProductKernel => kernel in productEncoders;

/** Input 1 of these may be weights that stay as they are from one replay to the next. */
const withWeights: ReadonlySet<KernelName> = new Set(["matmul", "conv2d", "conv2dInputGrad"]);
export const hasWeights = (kernel: KernelName): boolean => withWeights.has(kernel);

export interface EncodedCall {
  readonly kernel: number;
  readonly numbers: number[];
}

/** @param frozen whether input 1 does not change between replays */
export function encode(call: KernelCall, variants: Variants, frozen = false): EncodedCall {
  const kernel = numberOf.get(call.kernel)!;
  const variant =
    call.variant === undefined ? -1 : variantNumber(call, call.variant, variants.of(call.kernel));
  if (isProduct(call.kernel)) {
    const encoder = productEncoders[call.kernel] as (
      c: KernelCall,
      variant: number,
      frozen: boolean,
    ) => number[];
    return { kernel, numbers: encoder(call, variant, frozen) };
  }
  const encoder = elementEncoders[call.kernel as ElementKernel] as (c: KernelCall) => number[];
  return { kernel, numbers: encoder(call) };
}

function variantNumber(call: KernelCall, name: string, variants: readonly Variant[]): number {
  const found = variants.findIndex((variant) => variant.name === name);
  if (found < 0)
    throw new Error(
      `${call.kernel} has no variant "${name}" (it has ${variants.map((v) => v.name).join(", ")})`,
    );
  if (!variants[found].supports(call))
    throw new Error(`${call.kernel}'s variant "${name}" does not support this call`);
  return found;
}
