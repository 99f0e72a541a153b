/// <reference lib="esnext.disposable" preserve="true" />
// The library in a page, "fovea/web": what index.ts has, without a Node module behind it. Pictures are what pages hold; bundled models and
// WebAssembly modules are fetched from beside the code (locate).

export type { Backend, BackendName, KernelCall, MemoryInfo } from "./backend/backend.js";
export { currentBackend, setBackend } from "./backend/current.js";
export { UserError } from "./base/errors.js";
export { locate } from "./base/places.js";
export { kernels } from "./backend/kernels.js";
export { type PageBackendName, type PageBackendOptions, useBackend } from "./backend/select-page.js";
export { memory } from "./tensor/memory.js";
export { record, type Recorded, type RecordOptions } from "./tensor/record.js";
export { reportLeaks } from "./tensor/leaks.js";
export { Scope, scope } from "./tensor/scope.js";
export { grad, noGrad, tape, type TapeNode } from "./tensor/tape.js";
export { parameter, tensor, Tensor } from "./tensor/tensor.js";
export * from "./ops/index.js";
export * from "./nn/index.js";
export * from "./optim/index.js";
export * from "./models/index.js";
export { gradcheck, type GradcheckOptions, type GradcheckResult, randomInput } from "./inspect/gradcheck.js";
export { DivergedError, fit, type FitResult } from "./train/fit.js";
export type { FitOptions } from "./train/fit-options.js";
export { arrayBatches, type ArraySamples, type TrainingData } from "./train/data.js";
export { createImage, type Channels, type Image, type Levels } from "./image/image.js";
export { type Plane, toImage, toPlane } from "./image/plane.js";
export {
  type Callback,
  EarlyStopping,
  type EarlyStoppingOptions,
  type History,
  type Logs,
} from "./train/callbacks.js";
export type { CompileOptions, FitModelOptions } from "./train/trainer.js";
export type { Forecast, StepCost } from "./train/forecast.js";
export type { ModelSamples } from "./train/samples.js";
export { openPicture, type PagePicture, pictureFile, toImageData } from "./image/page.js";
export { psnr, ssim } from "./image/metrics.js";
export { Denoiser, type DenoiserOptions } from "./enhance/denoiser.js";
export { type Enhanced, enhanceImage, type EnhanceImageOptions } from "./enhance/enhance.js";
export { enhance, enhancePixels, type PageEnhanceOptions, prepareTask } from "./enhance/library-page.js";
export { UnsoundResult } from "./enhance/audit.js";
export { loadModel } from "./models/load-model.js";
export { estimateSigma } from "./enhance/noise-level.js";
