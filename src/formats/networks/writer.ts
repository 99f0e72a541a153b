// Writes a network as a graph of ONNX, layer after layer, in PyTorch's terms; from there on it is a network like any other. Values are
// names; a layer's tensors are found by its name in the file.

import { GraphBuilder, type GraphValueInfo, modelBytes } from "../onnx/export/builder.js";
import type { StateDict } from "./state-dict.js";

export interface ConvOptions {
  readonly stride?: number;
  /** Default: half the kernel, so that the size stays. */
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
}

/** [outputs, inputs, side of the kernel] */
export type ConvShape = readonly [outputs: number, inputs: number, kernel: number];

const pair = (n: number) => [n, n];

export class NetworkWriter {
  readonly graph = new GraphBuilder();
  private readonly inputs: GraphValueInfo[] = [];

  constructor(readonly weights: StateDict) {}

  /** The pictures that the network takes. */
  images(channels: number): string {
    return this.input("input", ["batch", channels, "height", "width"]);
  }

  /** The noise level that it takes, in the pictures' unit. */
  sigma(): string {
    return this.input("sigma", ["batch"]);
  }

  private input(name: string, shape: readonly (number | string)[]): string {
    this.inputs.push({ name, shape });
    return this.graph.fresh(name);
  }

  /** The file's tensor of that name as a value, under another shape if one is given. */
  tensor(name: string, shape: readonly number[], under = shape): string {
    const { data } = this.weights.take(name, shape);
    return this.graph.constant({ type: "float", shape: under, data }, name);
  }

  /** torch.nn.Conv2d */
  conv(x: string, name: string, [outputs, inputs, kernel]: ConvShape, options: ConvOptions = {}): string {
    const { stride = 1, dilation = 1, groups = 1, bias = true } = options;
    const { padding = Math.floor(kernel / 2) * dilation } = options;
    const weight = this.tensor(`${name}.weight`, [outputs, inputs / groups, kernel, kernel]);
    const biases = bias ? [this.tensor(`${name}.bias`, [outputs])] : [];
    return this.convolve([x, weight, ...biases], kernel, { stride, padding, dilation, groups });
  }

  /** torch.nn.Linear on every pixel's channels. */
  linear(x: string, name: string, [outputs, inputs]: readonly [outputs: number, inputs: number]): string {
    const weight = this.tensor(`${name}.weight`, [outputs, inputs], [outputs, inputs, 1, 1]);
    return this.convolve([x, weight, this.tensor(`${name}.bias`, [outputs])], 1);
  }

  /** The same of tensors that were made of several of the file's. */
  convolve(inputs: readonly string[], kernel: number, options: Omit<ConvOptions, "bias"> = {}): string {
    const { stride = 1, padding = Math.floor(kernel / 2), dilation = 1, groups = 1 } = options;
    return this.graph.node("Conv", inputs, {
      kernel_shape: pair(kernel),
      strides: pair(stride),
      dilations: pair(dilation),
      pads: [...pair(padding), ...pair(padding)],
      group: groups,
    });
  }

  /** torch.nn.BatchNorm2d as it is without training. */
  batchNorm(x: string, name: string, channels: number, epsilon: number): string {
    const parts = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      this.tensor(`${name}.${part}`, [channels]),
    );
    this.weights.ignore(`${name}.num_batches_tracked`);
    return this.graph.node("BatchNormalization", [x, ...parts], { epsilon: { float: epsilon } });
  }

  /** Every pixel over its channels. */
  layerNorm(x: string, name: string, channels: number, epsilon: number): string {
    const parts = ["weight", "bias"].map((part) => this.tensor(`${name}.${part}`, [channels]));
    const last = this.graph.node("Transpose", [x], { perm: [0, 2, 3, 1] });
    const y = this.graph.node("LayerNormalization", [last, ...parts], { axis: -1, epsilon: { float: epsilon } }); // prettier-ignore
    return this.graph.node("Transpose", [y], { perm: [0, 3, 1, 2] });
  }

  relu = (x: string): string => this.graph.node("Relu", [x]);
  sigmoid = (x: string): string => this.graph.node("Sigmoid", [x]);
  leakyRelu = (x: string, slope: number): string => this.graph.node("LeakyRelu", [x], { alpha: { float: slope } }); // prettier-ignore
  silu = (x: string): string => this.mul(x, this.sigmoid(x));

  /** torch.nn.PReLU with a slope a channel, or one for all. */
  prelu(x: string, name: string, channels: number): string {
    const slopes = this.weights.has(name) && this.weights.shape(name, 1)[0] === 1 ? 1 : channels;
    return this.graph.node("PRelu", [x, this.tensor(name, [slopes], [slopes, 1, 1])]);
  }

  /** With the error function, as PyTorch's is by default: x/2 (1 + erf(x / sqrt 2)) */
  gelu(x: string): string {
    const erf = this.graph.node("Erf", [this.scaled(x, Math.SQRT1_2)]);
    return this.mul(this.scaled(x, 0.5), this.graph.node("Add", [erf, this.graph.floats([1])]));
  }

  add = (a: string, b: string): string => this.graph.node("Add", [a, b]);
  sub = (a: string, b: string): string => this.graph.node("Sub", [a, b]);
  mul = (a: string, b: string): string => this.graph.node("Mul", [a, b]);
  scaled = (x: string, factor: number): string => this.mul(x, this.graph.floats([factor]));
  concat = (...parts: string[]): string => this.graph.node("Concat", parts, { axis: 1 });

  /** torch.chunk along the channels, all parts of this size. */
  split(x: string, parts: number, size: number): string[] {
    return Array.from({ length: parts }, (_, i) => {
      const at = (n: number) => this.graph.list([n]);
      return this.graph.node("Slice", [x, at(i * size), at((i + 1) * size), at(1)]);
    });
  }

  /** torch.nn.PixelShuffle: channels to blocks of pixels. */
  pixelShuffle(x: string, factor: number): string {
    return factor === 1 ? x : this.graph.node("DepthToSpace", [x], { blocksize: factor, mode: "CRD" });
  }

  /** torch.nn.PixelUnshuffle: output c r^2 + i r + j is input c's pixel (i, j) of each block, a convolution with a single 1. */
  pixelUnshuffle(x: string, factor: number, channels: number): string {
    const block = factor ** 2;
    const data = Float32Array.from({ length: channels * block * block }, (_, i) =>
      Number(Math.floor(i / block) % block === i % block),
    );
    const weight = this.graph.constant({ type: "float", shape: [channels * block, 1, factor, factor], data });
    return this.convolve([x, weight], factor, { stride: factor, padding: 0, groups: channels });
  }

  /** Enlarged by a whole factor, pixels repeated. */
  nearest(x: string, factor: number): string {
    if (factor === 1) return x;
    const scales = this.graph.floats([1, 1, factor, factor], [4]);
    return this.graph.node("Resize", [x, "", scales], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
  }

  /** torch's bilinear interpolation to the size of another value. */
  bilinearLike(x: string, like: string): string {
    const own = this.graph.node("Shape", [x], { start: 0, end: 2 });
    const size = this.graph.node("Shape", [like], { start: 2, end: 4 });
    const sizes = this.graph.node("Concat", [own, size], { axis: 0 });
    return this.graph.node("Resize", [x, "", "", sizes], { mode: "linear" });
  }

  /** Enlarged below and on the right to a multiple of `n`, the last pixels repeated. */
  paddedTo(x: string, n: number): string {
    const { graph } = this;
    const size = graph.node("Shape", [x], { start: 2, end: 4 });
    const whole = graph.node("Mul", [graph.node("Div", [graph.node("Add", [size, graph.list([n - 1])]), graph.list([n])]), graph.list([n])]); // prettier-ignore
    const more = this.sub(whole, size);
    const pads = graph.node("Concat", [graph.list([0, 0, 0, 0, 0, 0]), more], { axis: 0 });
    return graph.node("Pad", [x, pads], { mode: "edge" });
  }

  /** The upper left part, as large as another value. */
  croppedLike(x: string, like: string): string {
    const size = this.graph.node("Shape", [like], { start: 2, end: 4 });
    return this.graph.node("Slice", [x, this.graph.list([0, 0]), size, this.graph.list([2, 3])]);
  }

  /** The noise level as a channel beside those of x. */
  withLevel(x: string, sigma: string): string {
    const level = this.graph.node("Reshape", [sigma, this.graph.list([-1, 1, 1, 1])]);
    const size = this.graph.node("Shape", [x], { start: 2, end: 4 });
    const shape = this.graph.node("Concat", [this.graph.list([1, 1]), size], { axis: 0 });
    return this.concat(x, this.graph.node("Expand", [level, shape]));
  }

  /** The file, once everything has been written. */
  bytes(output: string, channels: number): Uint8Array {
    this.graph.node("Identity", [output], {}, "output");
    const shape = ["batch", channels, "output_height", "output_width"];
    return modelBytes(this.graph, this.inputs, [{ name: "output", shape }]);
  }
}

/** How many times as large pictures become whose last convolution has so many channels, and what is left of them. */
export function shuffled(outputs: number, colours: number): { scale: number; channels: number } {
  for (const channels of [colours, 3, 1]) {
    const scale = Math.sqrt(outputs / channels);
    if (Number.isInteger(scale)) return { scale, channels };
  }
  return { scale: 1, channels: outputs };
}
