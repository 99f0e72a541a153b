// A model: a layer made of layers.

import { type Inputs, Layer } from "../nn/layer.js";
import type { Tensor } from "../tensor/tensor.js";

/** A layer made of layers. A class of its own for the reader's sake: a model's `forward` calls the layers it holds. */
export abstract class Model<Input extends Inputs = Tensor> extends Layer<Input> {}
