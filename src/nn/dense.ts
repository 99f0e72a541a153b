// Dense: every output sees every input. y = activation(x kernel + bias)

import { checkCount, checkOptions } from "../base/arguments.js";
import { add, matMul, reshape } from "../ops/index.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { activationOf, type ActivationName } from "./activations.js";
import { type Initializer, type InitializerName, initializerOf } from "./initializers.js";
import { Layer, type LayerOptions, layerOptions } from "./layer.js";

/** Options that Dense and the convolutions share. */
export interface WeightOptions extends LayerOptions {
  /** Default "linear". */
  activation?: ActivationName | ((x: Tensor) => Tensor);
  /** Default true. */
  useBias?: boolean;
  /** Default "glorotUniform". */
  kernelInitializer?: InitializerName | Initializer;
  /** Default "zeros". */
  biasInitializer?: InitializerName | Initializer;
}

/** Checks the options of a layer that has these and `others`. */
export function checkWeightOptions<T extends WeightOptions>(
  where: string,
  options: T,
  others: { readonly [Name in Exclude<keyof T, keyof WeightOptions>]: true },
): void {
  const own = {
    ...layerOptions,
    activation: true,
    useBias: true,
    kernelInitializer: true,
    biasInitializer: true,
  };
  checkOptions<object>(where, options, { ...own, ...others });
  activationOf(where, options.activation);
  for (const initializer of [options.kernelInitializer, options.biasInitializer])
    if (initializer !== undefined) initializerOf(where, initializer);
}

/** [..., inputs] to [..., units]. Parameters: kernel [inputs, units], bias [units]. */
export class Dense extends Layer {
  static override readonly positional = ["units"];

  private kernel!: Tensor;
  private bias?: Tensor;

  constructor(
    readonly units: number,
    private readonly options: WeightOptions = {},
  ) {
    super(options);
    checkWeightOptions("Dense", options, {});
    checkCount("Dense", "units", units);
  }

  protected override createWeights(inputShape: Shape): void {
    const { kernelInitializer = "glorotUniform", biasInitializer = "zeros", useBias = true } = this.options;
    this.kernel = this.addWeight("kernel", [inputShape.at(-1)!, this.units], kernelInitializer);
    if (useBias) this.bias = this.addWeight("bias", [this.units], biasInitializer);
  }

  protected forward(x: Tensor): Tensor {
    if (x.rank !== 2) return this.onRows(x);
    const product = matMul(x, this.kernel);
    return activationOf("Dense", this.options.activation)(this.bias ? add(product, this.bias) : product);
  }

  /** Leading axes are so many rows. */
  private onRows(x: Tensor): Tensor {
    const y = this.forward(reshape(x, [-1, x.shape.at(-1)!]));
    return reshape(y, [...x.shape.slice(0, -1), this.units]);
  }
}
