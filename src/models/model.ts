// A model: a layer made of layers.

import { UserError } from "../base/errors.js";
import { type Inputs, Layer, type LayerOptions } from "../nn/layer.js";
import type { Tensor } from "../tensor/tensor.js";

/** A layer made of layers. A class of its own for the reader's sake: a model's `forward` calls the layers it holds. */
export abstract class Model<Input extends Inputs = Tensor> extends Layer<Input> {
  constructor(options: LayerOptions = {}) {
    super(options);
    if (new.target === Model)
      throw new UserError(
        "Model is made by a class of yours that extends it and says what forward(x) computes; for layers one after another take new Sequential([...]).",
      );
  }
}
