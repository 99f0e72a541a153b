// Layers, losses and initialisers, under their public names.
export { type ActivationName, activations } from "./activations.js";
export { type LayerClass, registerLayer } from "./config.js";
export { Conv2D, type Conv2DLayerOptions, Conv2DTranspose } from "./convolution.js";
export { Dense, type WeightOptions } from "./dense.js";
export type { BackwardHook, ForwardHook } from "./hooks.js";
export { type Initializer, type InitializerName, initializers } from "./initializers.js";
export {
  type AnyLayer,
  type CallContext,
  inference,
  type Inputs,
  type InputShape,
  Layer,
  type LayerOptions,
  observeLayers,
} from "./layer.js";
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  charbonnier,
  type CrossentropyOptions,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./losses.js";
export { accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy } from "./metrics.js";
export {
  BatchNormalization,
  type BatchNormalizationOptions,
  LayerNormalization,
  type NormalizationOptions,
} from "./normalization.js";
export { l1, l2 } from "./regularizers.js";
export {
  AveragePooling2D,
  DepthToSpace,
  MaxPooling2D,
  type Pooling2DOptions,
  SpaceToDepth,
  UpSampling2D,
  type UpSampling2DOptions,
} from "./resampling.js";
export { ssimLoss } from "./ssim-loss.js";
export { Input, type InputOptions, type SymbolicShape, SymbolicTensor } from "./symbolic.js";
export {
  Activation,
  Add,
  Concatenate,
  Dropout,
  Flatten,
  GaussianNoise,
  Lambda,
  Reshape,
} from "./structure.js";
export { type Summary, summary, type SummaryRow } from "./summary.js";
export { type NamedArray, readTensors, weightsOf, writeTensors } from "./weights.js";
