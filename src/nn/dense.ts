// Dense: every output sees every input. y = activation(x kernel + bias)

import { add, matMul, reshape } from "../ops/index.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { activationOf, type ActivationName } from "./activations.js";
import type { Initializer, InitializerName } from "./initializers.js";
import { Layer, type LayerOptions } from "./layer.js";

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

/** [..., inputs] to [..., units]. Parameters: kernel [inputs, units], bias [units]. */
export class Dense extends Layer {
  private kernel!: Tensor;
  private bias?: Tensor;

  constructor(
    readonly units: number,
    private readonly options: WeightOptions = {},
  ) {
    super(options);
  }

  protected override createWeights(inputShape: Shape): void {
    const { kernelInitializer = "glorotUniform", biasInitializer = "zeros", useBias = true } = this.options;
    this.kernel = this.addWeight("kernel", [inputShape.at(-1)!, this.units], kernelInitializer);
    if (useBias) this.bias = this.addWeight("bias", [this.units], biasInitializer);
  }

  protected forward(x: Tensor): Tensor {
    const product = matMul(reshape(x, [-1, x.shape.at(-1)!]), this.kernel);
    const y = activationOf(this.options.activation)(this.bias ? add(product, this.bias) : product);
    return reshape(y, [...x.shape.slice(0, -1), this.units]);
  }
}
