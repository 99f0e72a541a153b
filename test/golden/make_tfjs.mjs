// Small models of TensorFlow.js with random weights, and what TensorFlow.js computes with them; 4.22 wrote tfjs-models.json:
//   npm install --prefix /tmp/tfjs --ignore-scripts @tensorflow/tfjs && node test/golden/make_tfjs.mjs /tmp/tfjs
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const tf = createRequire(path.resolve(process.argv[2], "package.json"))("@tensorflow/tfjs");
const { layers } = tf;
let seed = 34;
const uniform = () => (seed = (seed * 16807) % 2147483647) / 2147483647;

function functional() {
  const x = tf.input({ shape: [null, null, 3] });
  const conv = (filters, options = {}) =>
    layers.conv2d({ filters, kernelSize: 3, padding: "same", ...options });
  const a = layers.batchNormalization().apply(conv(6, { activation: "relu" }).apply(x));
  const b = layers.depthwiseConv2d({ kernelSize: 3, padding: "same", depthMultiplier: 2 }).apply(a);
  const c = layers
    .separableConv2d({ filters: 6, kernelSize: 3, padding: "same", activation: "tanh" })
    .apply(b);
  const d = layers.prelu({ sharedAxes: [1, 2] }).apply(layers.add().apply([a, c]));
  const half = conv(8, { strides: 2, activation: "elu" }).apply(d);
  const back = layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }).apply(half);
  const pooled = layers.upSampling2d({ size: [2, 2] }).apply(layers.maxPooling2d({ poolSize: 2 }).apply(d));
  const mean = layers.averagePooling2d({ poolSize: 3, strides: 1, padding: "same" }).apply(d);
  const all = layers.concatenate().apply([back, pooled, mean]);
  const wide = layers
    .zeroPadding2d({
      padding: [
        [1, 0],
        [0, 1],
      ],
    })
    .apply(all);
  const y = layers.conv2d({ filters: 3, kernelSize: 2, dilationRate: 1, activation: "sigmoid" }).apply(wide);
  const z = layers.multiply().apply([y, layers.leakyReLU({ alpha: 0.1 }).apply(x)]);
  return tf.model({ inputs: x, outputs: layers.dense({ units: 3 }).apply(z) });
}

const sequential = () =>
  tf.sequential({
    layers: [
      layers.conv2d({
        filters: 4,
        kernelSize: 3,
        strides: 2,
        padding: "valid",
        activation: "relu6",
        inputShape: [16, 24, 3],
      }),
      layers.flatten(),
      layers.dense({ units: 12, activation: "softplus" }),
      layers.dropout({ rate: 0.5 }),
      layers.reshape({ targetShape: [2, 3, 2] }),
      layers.layerNormalization(),
      layers.globalAveragePooling2d({}),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
  });

const base64 = (data) =>
  Buffer.from(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength).toString("base64");
const golden = {};
for (const [name, model] of Object.entries({ functional: functional(), sequential: sequential() })) {
  // Moving averages and slopes, too, away from where they begin.
  model.setWeights(
    model.getWeights().map((w) => {
      const scale = w.rank > 1 ? 1 / Math.sqrt(w.size / w.shape.at(-1)) : 0.3;
      const numbers = Float32Array.from(
        { length: w.size },
        () => (uniform() * 2 - 1) * scale + (w.rank > 1 ? 0 : 0.5),
      );
      return tf.tensor(numbers, w.shape);
    }),
  );
  const input = tf.tensor(Float32Array.from({ length: 16 * 24 * 3 }, uniform), [1, 16, 24, 3]);
  const output = model.predict(input);
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const manifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      golden[name] = {
        "model.json": { format: "layers-model", modelTopology, weightsManifest: manifest },
        "weights.bin": Buffer.from(weightData).toString("base64"),
        input: { shape: input.shape, data: base64(input.dataSync()) },
        output: { shape: output.shape, data: base64(output.dataSync()) },
      };
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    }),
  );
}
fs.writeFileSync(path.join(import.meta.dirname, "tfjs-models.json"), JSON.stringify(golden));
