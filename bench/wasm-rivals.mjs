// Fovea's WebAssembly backend beside onnxruntime-web and tfjs-backend-wasm in Node, on four workloads, in turns: some runs of each after
// the other, so that a busy machine slows all alike. A turn's first run does not count, as the threads of the one before still spin.
// Both rivals are installed by hand, into a folder of their own:
//   npm install --prefix /tmp/rivals onnxruntime-web @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu @tensorflow/tfjs-backend-wasm
//   node bench/wasm-rivals.mjs --rivals /tmp/rivals [--threads 2] [--seconds 5] [WORK...]
// All three get the same networks: Fovea writes them as ONNX; TensorFlow.js, which reads none, runs sgemm, conv and the chain of dncnn17.

import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Conv2D, Dense, Input, Sequential, toOnnx, UNet, DnCNN, tensor, useBackend } from "../dist/index.js";
import { record } from "../dist/tensor/record.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rivals: { type: "string" },
    threads: { type: "string", default: String(os.availableParallelism()) },
    seconds: { type: "string", default: "5" },
  },
});
if (!values.rivals) {
  console.error(
    "give --rivals FOLDER, where onnxruntime-web and @tensorflow/tfjs-backend-wasm are installed",
  );
  process.exit(1);
}
const threads = Number(values.threads);
const require = createRequire(path.resolve(values.rivals, "package.json"));
const rival = (name) =>
  import(pathToFileURL(require.resolve(name)).href).then((module) => module.default ?? module);
const ort = await rival("onnxruntime-web");
const tf = await rival("@tensorflow/tfjs-core");
await rival("@tensorflow/tfjs-backend-cpu");
const tfWasm = await rival("@tensorflow/tfjs-backend-wasm");

ort.env.wasm.numThreads = threads;
tfWasm.setWasmPaths(`${path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
tfWasm.setThreadsCount(threads);
await tf.setBackend("wasm");
await useBackend("wasm", { threads });

const numbers = (shape) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 101) / 101);

/** A network on one input, and how TensorFlow.js writes it, where it does. */
const works = {
  "sgemm-512": {
    shape: [512, 512],
    model: () => new Sequential([Input({ shape: [512] }), new Dense(512, { useBias: false })]),
    tf: (x, [w]) => tf.matMul(x, w),
  },
  "conv-fwd-8x64x64-3x3-64px": {
    shape: [8, 64, 64, 64],
    model: () =>
      new Sequential([
        Input({ shape: [64, 64, 64] }),
        new Conv2D(64, 3, { padding: "same", useBias: false }),
      ]),
    tf: (x, [w]) => tf.conv2d(x, w, 1, "same"),
  },
  "infer-dncnn17-256px": {
    shape: [1, 256, 256, 1],
    model: () => new DnCNN(),
    tf: (x, weights) => {
      let y = x;
      for (let i = 0; i < weights.length; i += 2)
        y = tf.fused.conv2d({
          ...{ x: y, filter: weights[i], strides: 1, pad: "same", bias: weights[i + 1] },
          activation: i + 2 < weights.length ? "relu" : "linear",
        });
      return tf.sub(x, y);
    },
  },
  "infer-unet-512px": { shape: [1, 512, 512, 1], model: () => new UNet(), sigma: true },
};

/** What runs one contender once. */
async function contenders({ shape, model, sigma, tf: asTensorflow }) {
  const network = model();
  network.build(sigma ? [shape, [1]] : shape);
  const data = numbers(shape);
  const x = tensor(data, shape);
  const level = tensor([25 / 255]);
  const recorded = record(() => ({ y: network.call(sigma ? [x, level] : x) }), {
    frozen: [...network.parameters().values()],
  });
  const session = await ort.InferenceSession.create(await toOnnx(network), { executionProviders: ["wasm"] });
  // Fovea's networks of images are written with NCHW inputs.
  const turned = shape.length === 4 && data.length > 0 ? [shape[0], shape[3], shape[1], shape[2]] : shape;
  const [first, second] = session.inputNames;
  const feeds = { [first]: new ort.Tensor("float32", data, turned) };
  if (second) feeds[second] = new ort.Tensor("float32", Float32Array.from([25 / 255]), [1]);
  const found = {
    fovea: async () => void (await recorded.run()),
    "onnxruntime-web": async () => void (await session.run(feeds)),
  };
  if (asTensorflow) {
    const weights = [];
    for (const p of network.parameters().values()) weights.push(tf.tensor(await p.data(), p.shape));
    const input = tf.tensor(data, shape);
    found["tfjs-backend-wasm"] = async () => {
      const y = tf.tidy(() => asTensorflow(input, weights));
      await y.data();
      y.dispose();
    };
  }
  return found;
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

for (const [name, work] of Object.entries(works)) {
  if (positionals.length > 0 && !positionals.some((part) => name.includes(part))) continue;
  const found = await contenders(work);
  const times = Object.fromEntries(Object.keys(found).map((who) => [who, []]));
  for (const run of Object.values(found)) for (let i = 0; i < 2; i++) await run();
  const started = performance.now();
  while (performance.now() - started < 1000 * Number(values.seconds) || times.fovea.length < 3)
    for (const [who, run] of Object.entries(found)) {
      await run(); // while the threads of the one before fall asleep, and its own wake up
      const before = performance.now();
      let runs = 0;
      for (; runs === 0 || performance.now() - before < 50; runs++) await run();
      times[who].push((performance.now() - before) / runs);
    }
  const medians = Object.fromEntries(
    Object.entries(times).map(([who, list]) => [who, Number(median(list).toFixed(2))]),
  );
  const best = Math.min(...Object.entries(medians).flatMap(([who, ms]) => (who === "fovea" ? [] : [ms])));
  const ratio = Number((best / medians.fovea).toFixed(2));
  console.log(
    JSON.stringify({
      work: name,
      threads,
      unit: "ms",
      ...medians,
      timesTheFasterRival: ratio,
      turns: times.fovea.length,
    }),
  );
}
process.exit();
