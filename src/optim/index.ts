// Optimisers, schedules and clipping, under their public names.
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from "./adam.js";
export { clipByGlobalNorm, clipByValue, globalNorm } from "./clipping.js";
export { Optimizer, type OptimizerOptions } from "./optimizer.js";
export { constant, cosineDecay, type Schedule, stepDecay, warmUp } from "./schedules.js";
export { GradientDescent, SGD, type SGDOptions } from "./sgd.js";
