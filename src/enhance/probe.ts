// What a network of others does to pictures, found out by running it: how many channels it takes, in which range, how much larger its
// answer is, at which multiples pictures must begin, and how far a pixel looks. What arithmetic on the graph does not say is
// measured: a NaN at one pixel spreads to exactly those that depend on it.

import { currentBackend, withBackend } from "../backend/current.js";
import type { Backend, KernelCall } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import type { OnnxModel, OnnxValue } from "../models/onnx-model.js";
import { type ImageUse, pictureInputs } from "../models/onnx-network.js";
import { scope } from "../tensor/scope.js";
import { noGrad } from "../tensor/tape.js";
import { tensor, type Tensor } from "../tensor/tensor.js";

/** What the user says of it. */
export type ImageUseHints = Partial<ImageUse>;

const largestAlignment = 64;
const largestProbe = 1024;

export class Probe {
  private readonly sigma: OnnxValue | undefined;
  private readonly image: OnnxValue;

  constructor(private readonly model: OnnxModel) {
    ({ image: this.image, sigma: this.sigma } = pictureInputs(model));
  }

  /** Finds out what is not given. */
  async use(hints: ImageUseHints = {}): Promise<ImageUse> {
    const inputs = await this.inputChannels(hints);
    const sigma = hints.sigma ?? (this.sigma ? "input" : inputs === 2 || inputs === 4 ? "channel" : "none");
    const channels = hints.channels ?? ((inputs - Number(sigma === "channel")) as 1 | 3);
    const { alignment, scale, isWhole } = await this.geometry(inputs, hints);
    const receptiveRadius =
      hints.receptiveRadius !== undefined
        ? hints.receptiveRadius
        : isWhole
          ? null
          : await this.radius(inputs, alignment, scale);
    const range = hints.range ?? (await this.range(inputs, channels, alignment, scale));
    return {
      range,
      order: hints.order ?? "rgb",
      channels,
      sigma,
      scale: hints.scale ?? scale,
      alignment,
      receptiveRadius,
    };
  }

  /** Runs the network on one picture [height, width, channels]. */
  private async run(pixels: Float32Array, shape: readonly number[], backend = currentBackend()) {
    using _inner = scope();
    const y = withBackend(backend, () =>
      noGrad(() => {
        const image = tensor(pixels, [1, ...shape]);
        const level = this.sigma && tensor(new Float32Array(1), this.sigma.shape!.length === 0 ? [] : [1]);
        const ordered = this.model.inputs.map((input) => (input === this.image ? image : level!));
        return this.model.call(ordered.length === 1 ? ordered[0] : ordered) as Tensor;
      }),
    );
    return { shape: y.shape, data: await y.data() };
  }

  private async tried(
    height: number,
    width: number,
    channels: number,
    backend?: Backend,
  ): Promise<readonly number[] | undefined> {
    try {
      const pixels = new Float32Array(height * width * channels).fill(0.5);
      const { shape } = await this.run(pixels, [height, width, channels], backend);
      return shape.length === 4 ? shape : undefined;
    } catch (error) {
      if (error instanceof UserError) return undefined;
      throw error;
    }
  }

  private async inputChannels({ channels, sigma }: ImageUseHints): Promise<number> {
    const declared = this.image.shape?.[1];
    if (typeof declared === "number") return declared;
    const side = this.side(largestAlignment);
    const more = Number(sigma === "channel");
    for (const n of channels ? [channels + more] : [3, 1, 4, 2])
      if (await this.tried(side[0], side[1], n)) return n;
    throw new UserError(
      "The network takes pictures of neither 1, 2, 3 nor 4 channels; say how many by --channels.",
    );
  }

  /** A picture's size that the file says, or `n`. */
  private side(n: number): readonly [number, number] {
    const [height, width] = [2, 3].map((axis) => this.image.shape?.[axis]);
    return [typeof height === "number" ? height : n, typeof width === "number" ? width : n];
  }

  /** The most that the network shrinks pictures by inside, where its answer is larger by one whole factor. */
  private async geometry(
    channels: number,
    hints: ImageUseHints,
  ): Promise<{ alignment: number; scale: number; isWhole: boolean }> {
    const [height, width] = [2, 3].map((axis) => this.image.shape?.[axis]);
    if (typeof height === "number" || typeof width === "number")
      throw new UserError(`The network takes pictures of ${this.side(0).map((n) => n || "any").join(" x ")} alone; export it with free height and width.`); // prettier-ignore
    // Sizes without a common factor but the largest alignment, so that a picture inside is known by its shape.
    const [h, w] = [3 * largestAlignment, 4 * largestAlignment];
    const shapes: (readonly number[])[] = [];
    const y = await this.tried(h, w, channels, told(currentBackend(), shapes));
    if (!y) throw new UserError(`The network does not run on a picture of ${w} x ${h} pixels.`);
    const scale = y[1] / h;
    if (!Number.isInteger(scale) || scale < 1 || y[2] / w !== scale)
      throw new UserError(
        `The network's answer to ${w} x ${h} pixels is ${y[2]} x ${y[1]}, which is no whole number of times as large.`,
      );
    const shrunk = shapes.filter(
      (s) => s.length === 4 && h / s[1] === w / s[2] && Number.isInteger(h / s[1]),
    );
    const least = hints.alignment ?? Math.max(1, ...shrunk.map((s) => h / s[1]));
    // What cuts pictures into windows without shrinking them shows only in what it refuses, and in answers that do not move along.
    let first: number | undefined;
    for (let alignment = least; alignment <= largestAlignment; alignment *= 2) {
      const sizes = [5, 7].map((n) => alignment * n * Math.max(1, Math.floor(32 / alignment / n)));
      const fits = (await this.tried(sizes[0], sizes[1], channels)) !== undefined;
      if (fits && (hints.alignment !== undefined || (await this.moves(channels, alignment, scale))))
        return { alignment, scale, isWhole: false };
      if (fits) first ??= alignment;
    }
    if (first === undefined)
      throw new UserError(`The network takes pictures of no multiple of pixels up to ${largestAlignment}.`);
    // Its answer depends on where the picture ends: it can be computed, but not in tiles.
    return { alignment: first, scale, isWhole: true };
  }

  /** Whether the middle of the answer moves with the picture by this many pixels: strides inside must not see a difference. */
  private async moves(channels: number, alignment: number, scale: number): Promise<boolean> {
    const side = Math.max(3 * alignment, 48) + alignment;
    const noise = (x: number, y: number, c: number) =>
      ((Math.sin(x * 12.9898 + y * 78.233 + c * 37.7) * 43758.5453) % 1) ** 2;
    const pictureAt = (shift: number) =>
      Float32Array.from({ length: side * side * channels }, (_, i) => {
        const [c, x, y] = [i % channels, Math.floor(i / channels) % side, Math.floor(i / channels / side)];
        return noise(x + shift, y + shift, c);
      });
    const answers = [];
    for (const shift of [0, alignment])
      answers.push(await this.run(pictureAt(shift), [side, side, channels]));
    const [a, b] = answers;
    const [width, depth] = [a.shape[2], a.shape[3]];
    const middle = Math.floor((side * scale) / 2);
    let [difference, size] = [0, 1e-12];
    for (let y = middle - scale; y < middle + scale; y++)
      for (let x = middle - scale; x < middle + scale; x++)
        for (let c = 0; c < depth; c++) {
          const was = a.data[((y + alignment * scale) * width + x + alignment * scale) * depth + c];
          const is = b.data[(y * width + x) * depth + c];
          difference = Math.max(difference, Math.abs(was - is));
          size = Math.max(size, Math.abs(was));
        }
    // Borders may reach the middle of so small a picture; what strides do is larger than that.
    return difference < 0.02 * size;
  }

  /** How far a NaN spreads from the block of pixels in the middle, in a picture that grows until it does not reach the border. */
  private async radius(channels: number, alignment: number, scale: number): Promise<number | null> {
    for (let side = 64; side <= largestProbe; side *= 2) {
      const n = Math.ceil(side / alignment / 2) * 2 * alignment;
      const from = n / 2;
      const pixels = new Float32Array(n * n * channels).fill(0.5);
      for (let y = from; y < from + alignment; y++)
        pixels.fill(NaN, (y * n + from) * channels, (y * n + from + alignment) * channels);
      const { shape, data } = await this.run(pixels, [n, n, channels], exact(currentBackend()));
      const reach = reachOf(data, shape, scale);
      if (!reach) return 0;
      const [least, most] = reach;
      if (least > 0 && most < n - 1) return Math.max(most - from, from + alignment - 1 - least);
    }
    return null;
  }

  /** The range in which the answer to a soft picture is that picture, near enough. */
  private async range(inputs: number, channels: number, alignment: number, scale: number): Promise<1 | 255> {
    const n = Math.ceil(64 / alignment) * alignment;
    const soft = (x: number, y: number) => 0.5 + 0.25 * Math.sin((3 * x) / n) * Math.cos((2 * y) / n);
    const errors: number[] = [];
    for (const range of [1, 255]) {
      const pixels = Float32Array.from({ length: n * n * inputs }, (_, i) => {
        const [c, x, y] = [i % inputs, Math.floor(i / inputs) % n, Math.floor(i / inputs / n)];
        return c < channels ? range * soft(x, y) : 0;
      });
      const { data, shape } = await this.run(pixels, [n, n, inputs]);
      let error = 0;
      for (let i = 0; i < data.length; i++) {
        const [x, y] = [Math.floor(i / shape[3]) % shape[2], Math.floor(i / shape[3] / shape[2])];
        error += Math.abs(data[i] / range - soft(x / scale, y / scale)) / data.length;
      }
      errors.push(error);
    }
    if (!(Math.min(...errors) < 0.2))
      throw new UserError(
        "The network's answer to a soft picture is another, so its range cannot be told; say it by --range 1 or --range 255.",
      );
    // Networks without biases answer alike in both; of those, arithmetic may tell. Those trained on 0 to 1 are the rule.
    const factor = this.model.inputFactor(this.image) ?? 1;
    if (Math.abs(255 * factor - 1) < 0.01 && errors[1] < 0.2) return 255;
    return errors[1] < 0.5 * errors[0] ? 255 : 1;
  }
}

/** The first and the last row or column of the input that holds a NaN in the answer. */
function reachOf(
  data: ArrayLike<number>,
  shape: readonly number[],
  scale: number,
): [number, number] | undefined {
  const [, , width, depth] = shape;
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++)
    if (Number.isNaN(data[i])) {
      const [x, y] = [Math.floor(i / depth) % width, Math.floor(i / depth / width)];
      least = Math.min(least, x, y);
      most = Math.max(most, x, y);
    }
  return least === Infinity ? undefined : [Math.floor(least / scale), Math.floor(most / scale)];
}

/** The backend, with each call told to `tell` before it runs, or run in another way that `tell` gives. */
const watched = (backend: Backend, tell: (call: KernelCall) => KernelCall): Backend =>
  new Proxy(backend, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return key === "run" ? (call: KernelCall) => target.run(tell(call)) : (value.bind(target) as unknown);
    },
  });

/** Collects the shapes of all results. */
const told = (backend: Backend, shapes: (readonly number[])[]): Backend =>
  watched(backend, (call) => {
    shapes.push(...call.outputs.map(({ shape }) => shape));
    return call;
  });

/** Convolutions touch no pixel they need not: Winograd's, which work on whole tiles, spread a NaN further. */
const exact = (backend: Backend): Backend =>
  watched(backend, (call) => {
    const plain = backend.variants(call.kernel).find(({ name, supports }) => name === "implicit-gemm" && supports(call)); // prettier-ignore
    return plain ? { ...call, variant: plain.name } : call;
  });
