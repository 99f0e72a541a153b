// Resizing one axis, as ONNX's Resize has it in all its modes: for each output the inputs it is made of and their shares.
// Plain arithmetic, on the host: the coordinates are known before the graph runs.

export type Coordinates =
  | "half_pixel"
  | "half_pixel_symmetric"
  | "pytorch_half_pixel"
  | "align_corners"
  | "asymmetric"
  | "tf_half_pixel_for_nn"
  | "tf_crop_and_resize";
export type Rounding = "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";

export interface AxisResize {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
  readonly cubicCoefficient: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly inputs: number;
  readonly outputs: number;
  readonly scale: number;
  /** [start, end] in shares of the axis, for tf_crop_and_resize. */
  readonly roi: readonly [number, number];
}

/** Where output i lies among the inputs. */
export function sourceOf(i: number, resize: AxisResize): number {
  const { inputs, outputs, scale, roi } = resize;
  // Not a whole number where a scale was given; the formulas are in it all the same.
  const length = scale * inputs;
  switch (resize.coordinates) {
    case "asymmetric":
      return i / scale;
    case "align_corners":
      return length === 1 ? 0 : (i * (inputs - 1)) / (length - 1);
    case "pytorch_half_pixel":
      return length > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "tf_half_pixel_for_nn":
      return (i + 0.5) / scale;
    case "tf_crop_and_resize":
      return length > 1
        ? roi[0] * (inputs - 1) + (i * (roi[1] - roi[0]) * (inputs - 1)) / (length - 1)
        : 0.5 * (roi[0] + roi[1]) * (inputs - 1);
    case "half_pixel_symmetric": {
      // The scale that was asked for may not give a whole number of outputs; the rest is shared by both sides.
      const adjustment = outputs / (scale * inputs);
      const centre = inputs / 2;
      return centre * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    default:
      return (i + 0.5) / scale - 0.5;
  }
}

/** The nearest input of output i. */
export function nearestOf(i: number, resize: AxisResize): number {
  const x = sourceOf(i, resize);
  const rounded = {
    round_prefer_floor: () => Math.ceil(x - 0.5),
    round_prefer_ceil: () => Math.floor(x + 0.5),
    floor: () => Math.floor(x),
    ceil: () => Math.ceil(x),
  }[resize.rounding]();
  return Math.min(Math.max(rounded, 0), resize.inputs - 1);
}

/** Whether output i is asked for from outside the image, where tf_crop_and_resize puts its extrapolation value. */
export function isOutside(i: number, resize: AxisResize): boolean {
  const x = sourceOf(i, resize);
  return resize.coordinates === "tf_crop_and_resize" && (x < 0 || x > resize.inputs - 1);
}

/** Share of an input at this distance. */
function kernelOf(resize: AxisResize): (distance: number) => number {
  if (resize.mode === "linear") return (d) => Math.max(0, 1 - Math.abs(d));
  const a = resize.cubicCoefficient;
  return (distance) => {
    const d = Math.abs(distance);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
  };
}

/** The matrix [outputs, inputs] that resizes an axis. */
export function resizeMatrix(resize: AxisResize): Float32Array {
  const { inputs, outputs } = resize;
  const matrix = new Float32Array(outputs * inputs);
  const clamp = (at: number) => Math.min(Math.max(at, 0), inputs - 1);
  for (let i = 0; i < outputs; i++) {
    if (resize.mode === "nearest") matrix[i * inputs + nearestOf(i, resize)] = 1;
    else for (const [at, share] of sharesOf(i, resize)) matrix[i * inputs + clamp(at)] += share;
  }
  return matrix;
}

/** Inputs of output i and their shares; inputs beyond the border stand for the border's. */
function sharesOf(i: number, resize: AxisResize): [at: number, share: number][] {
  const { antialias, excludeOutside, inputs, scale, mode } = resize;
  const x = sourceOf(i, resize);
  const kernel = kernelOf(resize);
  // Where an image shrinks, antialiasing stretches the kernel over all inputs that an output stands for.
  const stretch = antialias ? Math.min(1, scale) : 1;
  const reach = (mode === "linear" ? 1 : 2) / stretch;
  const found: [number, number][] = [];
  for (let at = Math.floor(x - reach) + 1; at < x + reach; at++) {
    const isInside = at >= 0 && at < inputs;
    if (isInside || !excludeOutside) found.push([at, kernel((at - x) * stretch)]);
  }
  const total = found.reduce((sum, [, share]) => sum + share, 0);
  const normalizes = antialias || excludeOutside;
  return normalizes ? found.map(([at, share]) => [at, share / total]) : found;
}
