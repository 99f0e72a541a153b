// The named implementations of each kernel of the C++ engine, which has the list of them (native/kernels/matmul/variants.h,
// conv/table.cc). A variant's place in it is the number that C++ is given.

import type { KernelCall, Variant } from "../backend.js";
import { kernels } from "../kernels.js";
import type { KernelName } from "../kernels.js";
import type { Engine } from "./engine.js";
import { productEncoders } from "./encode-products.js";

const numberOf = (kernel: KernelName): number => Object.keys(kernels).indexOf(kernel);

export class Variants {
  private readonly made = new Map<KernelName, readonly Variant[]>();

  constructor(private readonly engine: Engine) {}

  of(kernel: KernelName): readonly Variant[] {
    let variants = this.made.get(kernel);
    if (!variants) {
      const names = this.engine.info().variants[numberOf(kernel)];
      variants = names.map((name, i) => ({ name, supports: (call) => this.serving(call, i) === i }));
      this.made.set(kernel, variants);
    }
    return variants;
  }

  /** The variant that a call gets when it names none: of a convolution the cheapest for its shape. */
  defaultOf(call: KernelCall): string | undefined {
    return this.of(call.kernel)[this.serving(call, -1)]?.name;
  }

  /** The operands in whose place a call may put its output, by their numbers. */
  overwritable(call: KernelCall): readonly number[] {
    return isProduct(call) ? this.engine.overwritable(numberOf(call.kernel), numbersOf(call, -1)) : [];
  }

  /** The number of the variant that serves a call: the one with this number or, for -1, the kernel's choice; -1 if it cannot. */
  private serving(call: KernelCall, variant: number): number {
    return isProduct(call) ? this.engine.variantOf(numberOf(call.kernel), numbersOf(call, variant)) : 0;
  }
}

const isProduct = (call: KernelCall): boolean => call.kernel in productEncoders;

const numbersOf = (call: KernelCall, variant: number): Float64Array =>
  Float64Array.from(productEncoders[call.kernel as "conv2d"](call as KernelCall<"conv2d">, variant, false));
