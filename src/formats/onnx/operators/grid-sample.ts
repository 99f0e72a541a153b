// GridSample: the values of images at places that a tensor names, by interpolation. For each place the rows of the nearest pixels
// are gathered, [batch height width, channels], and added up with their shares; both the image and the places have a gradient.

import * as ops from "../../../ops/index.js";
import { tensor, type Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators, result } from "../call.js";
import { channelsLast, type Value } from "../value.js";

const { abs, add, clip, div, equal, floor, greaterEqual, lessEqual, mul, round, sub, where } = ops;

type Border = "zeros" | "border" | "reflection";

interface Axis {
  readonly size: number;
  /** Where the image ends for reflections: pixel centres, or half a pixel outside them. */
  readonly from: number;
  readonly to: number;
}

function gridSample(call: Call): Value {
  const [x, grid] = [call.input(0), call.input(1)];
  if (x.rank !== 4 || grid.rank !== 4 || grid.shape[3] !== 2)
    call.fail(
      `it samples images [batch, channels, height, width] at [batch, height, width, 2], not ${x} at ${grid}.`,
    );
  const { attributes } = call;
  const mode = attributes.word("mode", ["bilinear", "linear", "nearest", "bicubic", "cubic"]);
  const border = attributes.word("padding_mode", ["zeros", "border", "reflection"] as const);
  const aligned = attributes.flag("align_corners");
  const [n, c, h, w] = x.shape;
  const places = [n, grid.shape[1], grid.shape[2]];
  const [gx, gy] = ops.split(grid.tensor, 2).map((t) => ops.reshape(t, places));
  const axes = [h, w].map((size): Axis => (aligned ? { size, from: 0, to: size - 1 } : { size, from: -0.5, to: size - 0.5 })); // prettier-ignore
  // -1 and 1 are the corners' centres, or the image's edges.
  const pixels = (g: Tensor, size: number): Tensor =>
    aligned ? mul(add(g, 1), (size - 1) / 2) : sub(mul(add(g, 1), size / 2), 0.5);
  const [y, px] = [bounded(pixels(gy, h), axes[0], border), bounded(pixels(gx, w), axes[1], border)];
  const rows = ops.reshape(x.in(channelsLast(4)), [n * h * w, c]);
  const batch = tensor(Float32Array.from({ length: n }, (_, i) => i * h * w), [n, 1, 1]); // prettier-ignore
  const at = (iy: Tensor, ix: Tensor): Tensor => {
    const [by, bx] = [bounded(iy, axes[0], border), bounded(ix, axes[1], border)];
    const inside = mul(isInside(by, h), isInside(bx, w));
    const index = where(inside, add(batch, add(mul(by, w), bx)), -1);
    return ops.reshape(ops.gather(rows, ops.reshape(index, [index.size])), [...places, c]);
  };
  const total = taps(y, mode).map(([iy, sy]) =>
    taps(px, mode)
      .map(([ix, sx]) => mul(at(iy, ix), ops.reshape(mul(sy, sx), [...places, 1])))
      .reduce((a, b) => add(a, b)),
  );
  return result(x.type, total.reduce((a, b) => add(a, b)), channelsLast(4)); // prettier-ignore
}

const isInside = (i: Tensor, size: number): Tensor => mul(greaterEqual(i, 0), lessEqual(i, size - 1));

/** Pixels near a coordinate, whole numbers, and their shares. */
function taps(x: Tensor, mode: string): [pixel: Tensor, share: Tensor][] {
  if (mode === "nearest") return [[round(x), add(mul(x, 0), 1)]];
  const below = floor(x);
  const t = sub(x, below);
  if (mode === "bilinear" || mode === "linear") return [[below, sub(1, t)], [add(below, 1), t]]; // prettier-ignore
  const a = -0.75;
  const near = (d: Tensor) => add(mul(mul(sub(mul(d, a + 2), a + 3), d), d), 1);
  const far = (d: Tensor) => sub(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), 4 * a);
  return [
    [sub(below, 1), far(add(t, 1))],
    [below, near(t)],
    [add(below, 1), near(sub(1, t))],
    [add(below, 2), far(sub(2, t))],
  ];
}

/** Coordinates beyond the image, brought back as the padding says; "zeros" are left where they are. */
function bounded(x: Tensor, { size, from, to }: Axis, border: Border): Tensor {
  if (border === "zeros") return x;
  if (border === "border") return clip(x, 0, size - 1);
  const span = to - from;
  if (span === 0) return mul(x, 0);
  const away = abs(sub(x, from));
  const turns = floor(div(away, span));
  const rest = sub(away, mul(turns, span));
  const isEven = equal(sub(turns, mul(2, floor(div(turns, 2)))), 0);
  const mirrored = where(isEven, add(rest, from), sub(to, rest));
  return where(mul(greaterEqual(x, from), lessEqual(x, to)), x, mirrored);
}

export const gridSampleOperators: Operators = { GridSample: { run: gridSample } };
