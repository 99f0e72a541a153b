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

/** A graph in TensorFlow's JSON, as its converter writes it, which TensorFlow.js itself runs. */
class Graph {
  node = [];
  weights = [];
  add(op, input, attr = {}) {
    const name = `${op}_${this.node.length}`;
    this.node.push({ name, op, input, attr: { T: { type: "DT_FLOAT" }, ...attr } });
    return name;
  }
  constant(data, shape = [data.length], dtype = "int32") {
    const name = this.add("Const", [], { dtype: { type: dtype === "int32" ? "DT_INT32" : "DT_FLOAT" } });
    this.weights.push({
      name,
      shape,
      dtype,
      data: (dtype === "int32" ? Int32Array : Float32Array).from(data),
    });
    return name;
  }
  random(shape, scale, middle = 0) {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Array.from({ length: size }, () => (uniform() * 2 - 1) * scale + middle);
    return this.constant(data, shape, "float32");
  }
}
const text = (s) => ({ s: Buffer.from(s).toString("base64") });
const list = (...i) => ({ list: { i: i.map(String) } });
const images = {
  data_format: text("NHWC"),
  strides: list(1, 1, 1, 1),
  dilations: list(1, 1, 1, 1),
  padding: text("SAME"),
};

function graphModel() {
  const g = new Graph();
  const dim = [-1, -1, -1, 3].map((size) => ({ size: String(size) }));
  const x = g.add("Placeholder", [], { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim } } });
  const fusedOps = (...names) => ({ fused_ops: { list: { s: names.map((name) => text(name).s) } } });
  const a = g.add("_FusedConv2D", [x, g.random([3, 3, 3, 6], 0.3), g.random([6], 0.2)], {
    ...images,
    ...fusedOps("BiasAdd", "Relu"),
    num_args: { i: "1" },
  });
  const parts = [g.random([6], 0.3, 1), g.random([6], 0.2), g.random([6], 0.2), g.random([6], 0.3, 1)];
  const b = g.add("FusedBatchNormV3", [a, ...parts], {
    ...images,
    epsilon: { f: 0.001 },
    is_training: { b: false },
  });
  const c = g.add("BiasAdd", [
    g.add("DepthwiseConv2dNative", [b, g.random([3, 3, 6, 2], 0.3)], images),
    g.random([12], 0.2),
  ]);
  const d = g.add("Conv2D", [c, g.random([3, 3, 12, 8], 0.2)], { ...images, strides: list(1, 2, 2, 1) });
  const e = g.add("LeakyRelu", [d], { alpha: { f: 0.1 } });
  const pooled = g.add("AvgPool", [a], { ...images, ksize: list(1, 2, 2, 1), strides: list(1, 2, 2, 1) });
  const joined = g.add("ConcatV2", [e, g.add("Tanh", [pooled]), g.constant([-1], [])], { N: { i: "2" } });
  const size = g.add(
    "StridedSlice",
    [g.add("Shape", [x]), g.constant([1]), g.constant([3]), g.constant([1])],
    { begin_mask: { i: "0" } },
  );
  const up = g.add("ResizeBilinear", [joined, size], { half_pixel_centers: { b: true } });
  const near = g.add("ResizeNearestNeighbor", [joined, size], { half_pixel_centers: { b: false } });
  // Attention over channels, as converters write it out.
  const mean = g.add("Mean", [up, g.constant([1, 2])], { keep_dims: { b: true } });
  const gate = g.add("Sigmoid", [
    g.add("AddV2", [g.add("Conv2D", [mean, g.random([1, 1, 14, 14], 0.3)], images), g.random([14], 0.2)]),
  ]);
  const gated = g.add("Mul", [up, gate]);
  // A layer of normalisation in its parts.
  const middle = g.add("Mean", [gated, g.constant([-1])], { keep_dims: { b: true } });
  const variance = g.add("Mean", [g.add("SquaredDifference", [gated, middle]), g.constant([3])], {
    keep_dims: { b: true },
  });
  const rsqrt = g.add("Rsqrt", [g.add("AddV2", [variance, g.constant([0.01], [], "float32")])]);
  const normal = g.add("Mul", [g.add("Sub", [gated, middle]), rsqrt]);
  const [first] = [
    g.add("SplitV", [normal, g.constant([6, 8]), g.constant([3], [])], { num_split: { i: "2" } }),
  ];
  const mixed = g.add("MirrorPad", [first, g.constant([0, 0, 1, 1, 1, 1, 0, 0], [4, 2])], {
    mode: text("REFLECT"),
  });
  const square = g.add("Conv2D", [mixed, g.random([3, 3, 6, 12], 0.2)], {
    ...images,
    padding: text("VALID"),
  });
  const shuffled = g.add("DepthToSpace", [square], { block_size: { i: "2" }, data_format: text("NHWC") });
  const folded = g.add("AvgPool", [shuffled], {
    ...images,
    ksize: list(1, 2, 2, 1),
    strides: list(1, 2, 2, 1),
  });
  const both = g.add("ConcatV2", [folded, near, `${first}:1`, g.constant([3], [])], { N: { i: "3" } });
  // [batch, height x width, channels] times a matrix, and back.
  const n = (i) =>
    g.add("StridedSlice", [g.add("Shape", [both]), g.constant([i]), g.constant([i + 1]), g.constant([1])], {
      shrink_axis_mask: { i: "1" },
    });
  const [one, h, w] = [n(0), n(1), n(2)];
  const area = g.add("Mul", [h, w], { T: { type: "DT_INT32" } });
  const rows = g.add("Reshape", [
    both,
    g.add("Pack", [one, area, g.constant([25], [])], { axis: { i: "0" }, N: { i: "3" } }),
  ]);
  const product = g.add(
    "BatchMatMulV2",
    [rows, g.add("ExpandDims", [g.random([16, 25], 0.2), g.constant([0], [])])],
    { adj_x: { b: false }, adj_y: { b: true } },
  );
  const back = g.add("Reshape", [
    product,
    g.add("Pack", [one, h, w, g.constant([16], [])], { axis: { i: "0" }, N: { i: "4" } }),
  ]);
  const turned = g.add("Transpose", [
    g.add("Transpose", [back, g.constant([0, 2, 1, 3])]),
    g.constant([0, 2, 1, 3]),
  ]);
  const down = g.add("MaxPool", [turned], { ...images, ksize: list(1, 3, 3, 1), strides: list(1, 2, 2, 1) });
  const sizes = g.add("Pack", [one, h, w, g.constant([3], [])], { axis: { i: "0" }, N: { i: "4" } });
  const large = g.add("Conv2DBackpropInput", [sizes, g.random([2, 2, 3, 16], 0.2), down], {
    ...images,
    strides: list(1, 2, 2, 1),
  });
  const clipped = g.add("Relu6", [g.add("Maximum", [large, g.add("Neg", [x])])]);
  // Ends that are computed, some of them open.
  const whole = g.add("StridedSlice", [clipped, g.constant([0, 0, 0, 0]), sizes, g.constant([1, 1, 1, 1])], {
    end_mask: { i: "9" },
    begin_mask: { i: "2" },
  });
  const positive = g.add("GreaterEqual", [x, g.constant([0.5], [], "float32")]);
  const y = g.add("Identity", [g.add("SelectV2", [positive, whole, g.add("Square", [x])])]);
  return { g, x, y, dim };
}

{
  const { g, x, y, dim } = graphModel();
  const specs = g.weights.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const weightData = Buffer.concat(g.weights.map(({ data }) => Buffer.from(data.buffer)));
  const info = (name) => ({ name: `${name}:0`, dtype: "DT_FLOAT", tensorShape: { dim } });
  const signature = { inputs: { [x]: info(x) }, outputs: { output_0: info(y) } };
  const modelTopology = { node: g.node, library: {}, versions: {} };
  const artifacts = {
    format: "graph-model",
    modelTopology,
    weightSpecs: specs,
    weightData: new Uint8Array(weightData).buffer,
    signature,
  };
  const model = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
  const input = tf.tensor(Float32Array.from({ length: 16 * 24 * 3 }, uniform), [1, 16, 24, 3]);
  const output = model.predict(input);
  golden.graph = {
    "model.json": {
      format: "graph-model",
      modelTopology,
      signature,
      weightsManifest: [{ paths: ["weights.bin"], weights: specs }],
    },
    "weights.bin": weightData.toString("base64"),
    input: { shape: input.shape, data: base64(input.dataSync()) },
    output: { shape: output.shape, data: base64(output.dataSync()) },
  };
}
fs.writeFileSync(path.join(import.meta.dirname, "tfjs-models.json"), JSON.stringify(golden));
