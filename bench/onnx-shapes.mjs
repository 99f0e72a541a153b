// ONNX Runtime on the convolutions of a file for `fovea bench --shapes`, forward ones, as it has no gradients of kernels.
// usage: PEERS_HOME=FOLDER node bench/onnx-shapes.mjs FILE [SECONDS]     {work, value, best, unit} a shape, or null; 2 threads
// needs: in FOLDER `npm install --ignore-scripts onnxruntime-node`
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.PEERS_HOME ?? ".", "x.js"));
const ort = require("onnxruntime-node");
const milliseconds = 1000 * Number(process.argv[3] ?? 0.25);

// A model of one node, in the wire format of onnx.proto: a field is its number and type, then an integer or bytes.
const varint = (value) => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);
const integer = (field, value) => Buffer.from([...varint(field * 8), ...varint(value)]);
const bytes = (field, ...parts) => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
};
const attribute = (name, value) =>
  Array.isArray(value)
    ? bytes(5, bytes(1, name), ...value.map((each) => integer(8, each)), integer(20, 7))
    : bytes(5, bytes(1, name), integer(3, value), integer(20, 2));
const port = (field, name, shape) => {
  const dims = shape.map((size) => bytes(1, integer(1, size)));
  return bytes(field, bytes(1, name), bytes(2, bytes(1, integer(1, 1), bytes(2, ...dims))));
};
const random = (shape) => Float32Array.from({ length: shape.reduce((a, b) => a * b) }, Math.random);

function convolution({ w: [kh, kw, group, co], x: [, , , ci], stride, padding, dilation }, x, y) {
  const attributes = {
    dilations: [dilation, dilation],
    group: ci / group,
    kernel_shape: [kh, kw],
    pads: [padding, padding, padding, padding],
    strides: [stride, stride],
  };
  const node = bytes(
    1,
    bytes(1, "x"),
    bytes(1, "w"),
    bytes(2, "y"),
    bytes(4, "Conv"),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  );
  const shape = [co, group, kh, kw];
  const weights = bytes(
    5,
    ...shape.map((size) => integer(1, size)),
    integer(2, 1),
    bytes(8, "w"),
    bytes(9, new Uint8Array(random(shape).buffer)),
  );
  const graph = bytes(7, node, bytes(2, "graph"), weights, port(11, "x", x), port(12, "y", y));
  return Buffer.concat([integer(1, 8), graph, bytes(8, bytes(1, ""), integer(2, 13))]);
}

for (const line of readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean)) {
  const shape = JSON.parse(line);
  if (shape.kernel !== "conv2d") {
    console.log("null");
    continue;
  }
  const [n, h, w, ci] = shape.x;
  const [kh, kw, group, co] = shape.w;
  const places = (size, k) =>
    Math.floor((size + 2 * shape.padding - shape.dilation * (k - 1) - 1) / shape.stride) + 1;
  const [x, y] = [
    [n, ci, h, w],
    [n, co, places(h, kh), places(w, kw)],
  ];
  const session = await ort.InferenceSession.create(convolution(shape, x, y), {
    intraOpNumThreads: 2,
    graphOptimizationLevel: "all",
  });
  const inputs = { x: new ort.Tensor("float32", random(x), x) };
  const times = [];
  const runs = 2; // that are not counted
  for (let start = 0; times.length < runs + 5 || performance.now() - start < milliseconds;) {
    const before = performance.now();
    await session.run(inputs);
    times.push(performance.now() - before);
    if (times.length === runs) start = performance.now();
  }
  const counted = times.slice(runs).sort((a, b) => a - b);
  const speed = (ms) => (2 * y.reduce((a, b) => a * b) * group * kh * kw) / ms / 1e6;
  console.log(
    JSON.stringify({
      work: `conv2d-${shape.x.join("x")}-${shape.w.join("x")}`,
      value: speed(counted[counted.length >> 1]),
      best: speed(counted[0]),
      unit: "GFLOP/s",
    }),
  );
}
