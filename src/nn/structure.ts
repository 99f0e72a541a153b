// Layers without parameters that are not about images: shapes, activations, dropout, and joining of branches.

import { checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import {
  add,
  concatenate,
  flatten,
  greaterEqual,
  leakyRelu,
  mul,
  randomNormal,
  randomUniform,
  reshape,
} from "../ops/index.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { activationOf, type ActivationName } from "./activations.js";
import { type CallContext, Layer, type LayerOptions, layerOptions } from "./layer.js";

/** [batch, ...] to [batch, everything else]. */
export class Flatten extends Layer {
  protected forward(x: Tensor): Tensor {
    return flatten(x);
  }
}

/** [batch, ...] to [batch, ...targetShape]; one entry may be -1 and is then worked out. */
export class Reshape extends Layer {
  static override readonly positional = ["targetShape"];

  constructor(
    readonly targetShape: Shape,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  protected forward(x: Tensor): Tensor {
    return reshape(x, [x.shape[0], ...this.targetShape]);
  }
}

/** An activation as a layer, of any shape. `alpha` is leakyRelu's slope for negative inputs (default 0.2). */
export class Activation extends Layer {
  static override readonly positional = ["activation"];

  constructor(
    readonly activation: ActivationName | ((x: Tensor) => Tensor),
    private readonly options: LayerOptions & { alpha?: number } = {},
  ) {
    super(options);
    checkOptions("Activation", options, { ...layerOptions, alpha: true });
    activationOf("Activation", activation);
  }
  protected forward(x: Tensor): Tensor {
    if (this.activation === "leakyRelu") return leakyRelu(x, this.options.alpha);
    return activationOf("Activation", this.activation)(x);
  }
}

/**
 * While training, sets each element to 0 with probability `rate` and divides the others by 1 - rate, so that the mean stays
 * (Srivastava et al., JMLR 2014). Needs the context's counter, which makes every step draw anew and a resumed one repeat.
 */
export class Dropout extends Layer {
  static override readonly positional = ["rate"];

  constructor(
    readonly rate: number,
    options: LayerOptions = {},
  ) {
    super(options);
    checkOptions("Dropout", options, layerOptions);
    if (!(rate >= 0 && rate < 1))
      throw new UserError(`Dropout: the rate ${rate} is not in [0, 1); give the share of elements to drop.`);
  }
  protected forward(x: Tensor, { training, counter }: CallContext): Tensor {
    if (!training || this.rate === 0) return x;
    if (!counter)
      throw new Error(
        "Dropout: training needs `counter` in the call's context, a [4] tensor that holds the step.",
      );
    const kept = greaterEqual(randomUniform(x.shape, { seed: this.drawSeed(), counter }), this.rate);
    return mul(x, mul(kept, 1 / (1 - this.rate)));
  }
}

/** While training, adds normal noise of this standard deviation, in the input's unit, drawn anew at every step; of any shape. */
export class GaussianNoise extends Layer {
  static override readonly positional = ["stddev"];

  constructor(
    readonly stddev: number,
    options: LayerOptions = {},
  ) {
    super(options);
    checkOptions("GaussianNoise", options, layerOptions);
    if (!(stddev >= 0))
      throw new UserError(`GaussianNoise: the standard deviation ${stddev} is not a number of at least 0.`);
  }
  protected forward(x: Tensor, { training, counter }: CallContext): Tensor {
    if (!training) return x;
    if (!counter)
      throw new UserError(
        "GaussianNoise: training needs `counter` in the call's context, a [4] tensor that holds the step.",
      );
    return add(x, mul(randomNormal(x.shape, { seed: this.drawSeed(), counter }), this.stddev));
  }
}

/** Any function of one tensor, of any shape, as a layer, for operations in a drawn network: `new Lambda((x) => mul(x, 2)).apply(x)`. */
export class Lambda extends Layer {
  constructor(
    private readonly body: (x: Tensor) => Tensor,
    options: LayerOptions = {},
  ) {
    super(options);
  }
  protected forward(x: Tensor): Tensor {
    return this.body(x);
  }
}

/** The sum of several tensors of one shape: a skip connection. */
export class Add extends Layer<readonly Tensor[]> {
  protected forward(inputs: readonly Tensor[]): Tensor {
    return inputs.reduce((total, x) => add(total, x));
  }
}

/** The tensors side by side along an axis (default the last: channels). */
export class Concatenate extends Layer<readonly Tensor[]> {
  constructor(private readonly options: LayerOptions & { axis?: number } = {}) {
    super(options);
    checkOptions("Concatenate", options, { ...layerOptions, axis: true });
  }
  protected forward(inputs: readonly Tensor[]): Tensor {
    return concatenate(inputs, this.options.axis);
  }
}
