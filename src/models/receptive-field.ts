// How far an output pixel looks: interval arithmetic along the path from the output back to the input.
//
// An output pixel needs an interval [low, high] of the layer before it, that one an interval of the one before, and so on:
//   window k, stride s, padding p     y_i reads x from i s - p to i s - p + k - 1
//   enlarging f times                 y_i reads x at floor(i / f): nearest upsampling, unfolding pixels, a transposed f x f
//                                     convolution of stride f
// Pixels of different phase within a block look differently far, so the radius is the largest over one period.

export type Step =
  | { readonly kind: "window"; readonly size: number; readonly stride: number; readonly padding: number }
  | { readonly kind: "enlarge"; readonly factor: number };

/** A window that keeps the size: 2r+1 taps in the middle. */
export const around = (radius: number): Step => ({
  kind: "window",
  size: 2 * radius + 1,
  stride: 1,
  padding: radius,
});
/** f x f pixels to one: folding, or a convolution of stride f without padding. */
export const shrink = (factor: number): Step => ({
  kind: "window",
  size: factor,
  stride: factor,
  padding: 0,
});
export const enlarge = (factor: number): Step => ({ kind: "enlarge", factor });

/** The largest distance between an output pixel and an input pixel that it depends on; steps from input to output. */
export function receptiveRadius(steps: readonly Step[], period: number): number {
  let radius = 0;
  for (let pixel = 0; pixel < period; pixel++) {
    let [low, high] = [pixel, pixel];
    for (const step of [...steps].reverse())
      if (step.kind === "enlarge")
        [low, high] = [Math.floor(low / step.factor), Math.floor(high / step.factor)];
      else
        [low, high] = [low * step.stride - step.padding, high * step.stride - step.padding + step.size - 1];
    radius = Math.max(radius, pixel - low, high - pixel);
  }
  return radius;
}
