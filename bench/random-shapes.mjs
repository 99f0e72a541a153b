// Shapes that nobody named, for `fovea bench --shapes`: convolutions and products with random kernels, strides, channels and
// sizes, of 4 million to 3 billion operations. The same numbers give the same shapes.
// usage: node bench/random-shapes.mjs [count] [seed] > shapes.jsonl
// torch-shapes.py times the same file with PyTorch.

const count = Number(process.argv[2] ?? 100);
let state = Number(process.argv[3] ?? 1);
/** Mulberry32: a number in [0, 1). */
const random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const pick = (values) => values[Math.floor(random() * values.length)];
const size = (least, most) => Math.floor(2 ** (Math.log2(least) + random() * Math.log2(most / least)));
const channels = [1, 2, 3, 4, 5, 8, 12, 16, 24, 29, 32, 40, 48, 64, 96, 128, 192, 256];
const inRange = (operations) => operations > 4e6 && operations < 3e9;

function product() {
  const [m, n, k] = [size(1, 2048), size(1, 2048), size(1, 2048)];
  const [transposeA, transposeB] = pick([
    [false, false],
    [true, false],
    [false, true],
  ]);
  const [a, b] = [transposeA ? [1, k, m] : [1, m, k], transposeB ? [1, n, k] : [1, k, n]];
  return inRange(2 * m * n * k) && { kernel: "matmul", a, b, transposeA, transposeB };
}

function convolution() {
  const kernel = pick(["conv2d", "conv2dInputGrad", "conv2dWeightGrad"]);
  const [k, stride, dilation] = [
    pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 7]),
    pick([1, 1, 1, 2]),
    random() < 0.1 ? 2 : 1,
  ];
  const [ci, co, n, h] = [pick(channels), pick(channels), pick([1, 1, 2, 4, 8, 16]), size(8, 640)];
  const w = Math.floor(h * (0.7 + 0.7 * random()));
  const depthwise = ci > 1 && random() < 0.06;
  const shape = depthwise ? [k, k, 1, ci] : [k, k, ci, co];
  const operations =
    2 * n * Math.floor(h / stride) * Math.floor(w / stride) * shape[0] * shape[1] * shape[2] * shape[3];
  if (!inRange(operations) || n * h * w * Math.max(ci, co) > 4e7 || Math.min(h, w) < dilation * k)
    return false;
  return {
    kernel,
    x: [n, h, w, ci],
    w: shape,
    stride,
    dilation,
    padding: Math.floor((dilation * (k - 1)) / 2),
  };
}

for (let made = 0; made < count;) {
  const shape = random() < 0.2 ? product() : convolution();
  if (!shape) continue;
  console.log(JSON.stringify(shape));
  made++;
}
