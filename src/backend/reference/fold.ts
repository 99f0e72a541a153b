// depthToSpace and spaceToDepth: channels become blocks of pixels, and back. The order of the channels is TensorFlow's,
// (p*block + q)*C + c for pixel (p, q) of a block; PyTorch's pixel_shuffle has c*block*block + p*block + q.

import type { KernelFunction } from "./tensor.js";

/** Calls `visit(folded, unfolded, c)` with the offsets of each run of c channels in the folded and the unfolded tensor. */
function forEachBlockPixel(
  unfolded: readonly number[],
  block: number,
  visit: (folded: number, unfolded: number, channels: number) => void,
): void {
  const [images, height, width, channels] = unfolded;
  const blocksDown = height / block;
  const blocksAcross = width / block;
  for (let image = 0; image < images; image++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const i = Math.floor(y / block);
        const j = Math.floor(x / block);
        const part = (y % block) * block + (x % block);
        const foldedPixel = (image * blocksDown + i) * blocksAcross + j;
        visit(
          (foldedPixel * block * block + part) * channels,
          ((image * height + y) * width + x) * channels,
          channels,
        );
      }
}

/** y[n, i*block+p, j*block+q, c] = x[n, i, j, (p*block+q)*C + c] */
export const depthToSpace: KernelFunction<"depthToSpace"> = ([x], [y], { block }) => {
  forEachBlockPixel(y.shape, block, (folded, unfolded, channels) => {
    for (let c = 0; c < channels; c++) y.data[unfolded + c] = x.data[folded + c];
  });
};

/** y[n, i, j, (p*block+q)*C + c] = x[n, i*block+p, j*block+q, c] */
export const spaceToDepth: KernelFunction<"spaceToDepth"> = ([x], [y], { block }) => {
  forEachBlockPixel(x.shape, block, (folded, unfolded, channels) => {
    for (let c = 0; c < channels; c++) y.data[folded + c] = x.data[unfolded + c];
  });
};
