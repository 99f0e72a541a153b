// Weights from and to PyTorch's layouts. PyTorch puts output channels first; Fovea keeps channels contiguous (HWIO).

/** A plain array with its shape. */
export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Dimension d of the result is dimension `order[d]` of the input. */
export function permute({ shape, data }: Weights, order: readonly number[]): Weights {
  if (shape.length !== order.length) {
    throw new RangeError(
      `weights of shape [${shape.join(", ")}] have ${shape.length} dimensions where ${order.length} are needed`,
    );
  }
  const outShape = order.map((d) => shape[d]);
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((product, size) => product * size, 1));
  const outStrides = order.map((d) => strides[d]);
  const out = new Float32Array(data.length);
  const index = new Array<number>(order.length).fill(0);
  for (let i = 0, from = 0; i < out.length; i++) {
    out[i] = data[from];
    for (let d = order.length - 1; d >= 0; d--) {
      from += outStrides[d];
      if (++index[d] < outShape[d]) break;
      from -= outStrides[d] * outShape[d];
      index[d] = 0;
    }
  }
  return { shape: outShape, data: out };
}

/** Conv2d: [out, in / groups, height, width] to [height, width, in / groups, out]. Depthwise ones too. */
export const oihwToHwio = (weights: Weights): Weights => permute(weights, [2, 3, 1, 0]);

/** The inverse of `oihwToHwio`. */
export const hwioToOihw = (weights: Weights): Weights => permute(weights, [3, 2, 0, 1]);

/** Linear: [out, in] to [in, out], and back. */
export const transposeLinear = (weights: Weights): Weights => permute(weights, [1, 0]);

/**
 * ConvTranspose2d from b to a channels: PyTorch's [b, a, height, width] to [height, width, a, b], which is the HWIO
 * filter of the convolution from a to b channels whose gradient by its input it computes.
 */
export const iohwToAdjointHwio = (weights: Weights): Weights => permute(weights, [2, 3, 1, 0]);

/** The inverse of `iohwToAdjointHwio`. */
export const adjointHwioToIohw = (weights: Weights): Weights => permute(weights, [3, 2, 0, 1]);
