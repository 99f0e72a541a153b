// Every operation, under its public name. binary, reduce and unary import each other: the mathematics is that circle.
import "./methods.js";

export * from "./binary.js";
export { argMax, gather, oneHot } from "./by-index.js";
export { conv2d, type Conv2DOptions, conv2dTranspose } from "./conv2d.js";
export { depthToSpace, spaceToDepth } from "./fold.js";
export { matMul, type MatMulOptions } from "./matmul.js";
export { concatenate, flip, slice, transpose } from "./move.js";
export { normalize, type Normalized } from "./normalize.js";
export { pad, type PadMode, split, stridedSlice, tril, triu } from "./parts.js";
export { averagePool2d, maxPool2d, type Pool2DOptions } from "./pool2d.js";
export { counterLimbs, randomNormal, type RandomOptions, randomUniform } from "./random.js";
export { broadcastTo, max, mean, min, type ReduceOptions, sum, sumTo } from "./reduce.js";
export { flatten, reshape } from "./reshape.js";
export { type Interpolation, resize2d, upsample2d } from "./resize2d.js";
export { full, ones, type TensorLike, zeros } from "./scalar.js";
export { clip, where } from "./select.js";
export { logSoftmax, softmax } from "./softmax.js";
export * from "./unary.js";
export type { Padding } from "./window.js";
