// The small models whose ONNX files onnx-export.json holds with what ONNX Runtime made of them. Written out by
//   FOVEA_WRITE_ONNX=folder npx vitest run test/golden/onnx-export.test.ts && python3 test/golden/make_onnx_export.py folder

import { createModel } from "../../src/models/index.js";
import { Model } from "../../src/models/model.js";
import { Activation, AveragePooling2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose, Dense, Flatten, Input, LayerNormalization, MaxPooling2D, UpSampling2D } from "../../src/nn/index.js"; // prettier-ignore

/** Drawn as in Keras, with most of its layers. */
function drawn(): Model {
  const x = Input({ shape: [16, 16, 2] });
  const a = new Conv2D(6, 3, { padding: "same", activation: "relu" }).apply(x);
  const halved = new BatchNormalization().apply(new MaxPooling2D({ poolSize: 2 }).apply(a));
  const doubled = new UpSampling2D({ interpolation: "bilinear" }).apply(halved);
  const joined = new Activation("gelu").apply(new Concatenate().apply([a, doubled]));
  const larger = new Conv2DTranspose(4, 3, { strides: 2, padding: "same" }).apply(joined);
  const normal = new LayerNormalization().apply(new AveragePooling2D({ poolSize: 4 }).apply(larger));
  const y = new Dense(5, { activation: "softmax" }).apply(new Flatten().apply(normal));
  return new Model({ inputs: x, outputs: y });
}

/** With the shape, batch first and channels second, of the input that the golden output is for. */
export const exported: Readonly<Record<string, { make(): Model; input: readonly number[]; sigma?: readonly number[] }>> = {
  unet: { make: () => made("unet", { widths: [4, 8, 8], blocks: 1, channels: 3 }), input: [2, 3, 24, 16], sigma: [0.1, 0.2] },
  "blind unet": { make: () => made("unet", { widths: [4, 8], blocks: 1, sigma: false }), input: [1, 1, 12, 20] },
  dncnn: { make: () => made("dncnn", { depth: 4, features: 8 }), input: [1, 1, 9, 7] },
  "conv-autoencoder": { make: () => made("conv-autoencoder", { widths: [4, 6, 8], channels: 3 }), input: [1, 3, 16, 12] },
  "dense-autoencoder": { make: () => made("dense-autoencoder", {}), input: [2, 1, 28, 28] },
  drawn: { make: drawn, input: [2, 2, 16, 16] },
}; // prettier-ignore

const made = (architecture: string, options: object): Model =>
  createModel({ architecture, options: options as Record<string, unknown> }, 3) as unknown as Model;

/** Numbers that look like a picture's. */
export const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.fround(0.5 + 0.5 * Math.sin(0.7 * i + 1e-4 * i * i)));
