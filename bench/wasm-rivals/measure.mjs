// The four workloads of wasm-rivals.mjs and how they are timed, wherever the three libraries were loaded: in Node or in a page.

const numbers = (shape) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 101) / 101);

/** A network on one input, and how TensorFlow.js writes it, where it does. */
const worksOf = ({ Conv2D, Dense, Input, Sequential, UNet, DnCNN }, tf) => ({
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
});

/** What runs one contender once. */
async function contenders({ shape, model, sigma, tf: asTensorflow }, { tensor, record, toOnnx }, ort, tf) {
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

/**
 * report(result) for each workload whose name holds one of `names` (all, without).
 * @param libraries fovea, ort and tf, each with its WebAssembly backend open
 */
export async function measure({ fovea, ort, tf }, { names, threads, seconds }, report) {
  for (const [work, description] of Object.entries(worksOf(fovea, tf))) {
    if (names.length > 0 && !names.some((part) => work.includes(part))) continue;
    const found = await contenders(description, fovea, ort, tf);
    const times = Object.fromEntries(Object.keys(found).map((who) => [who, []]));
    for (const run of Object.values(found)) for (let i = 0; i < 2; i++) await run();
    const started = performance.now();
    while (performance.now() - started < 1000 * seconds || times.fovea.length < 3)
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
    const timesTheFasterRival = Number((best / medians.fovea).toFixed(2));
    report({ work, threads, unit: "ms", ...medians, timesTheFasterRival, turns: times.fovea.length });
  }
}
