// 1 - SSIM as a loss: structure, contrast and brightness in a Gaussian window (Wang, Bovik, Sheikh and Simoncelli, 2004).
// The same figure for measuring, on the host and without a gradient, is image/metrics'.
//
//   m = G * x,  n = G * y                        local means; G is an 11x11 Gaussian window, sigma 1.5, * slides it
//   vx = G * x^2 - m^2,  vy = G * y^2 - n^2,  c = G * xy - mn          local variances and covariance
//   SSIM = (2mn + C1)(2c + C2) / ((m^2 + n^2 + C1)(vx + vy + C2)),     C1 = 0.01^2, C2 = 0.03^2 for values in [0, 1]

import {
  add,
  broadcastTo,
  concatenate,
  conv2d,
  div,
  mean,
  mul,
  reshape,
  slice,
  square,
  sub,
} from "../ops/index.js";
import { show } from "../tensor/shape.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { expectSame } from "./losses.js";

const SIZE = 11;
const SIGMA = 1.5;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/** 1 - mean SSIM of images [batch, height, width, channels] in [0, 1], at least 11 pixels a side; only whole windows count. */
export function ssimLoss(prediction: Tensor, target: Tensor): Tensor {
  expectSame("ssimLoss", prediction, target);
  const [n, h, w, c] = prediction.shape;
  if (prediction.rank !== 4 || h < SIZE || w < SIZE)
    throw new Error(
      `ssimLoss: expected images [batch, height, width, channels] of at least ${SIZE} x ${SIZE}, got ${show(prediction.shape)}.`,
    );
  // All five maps go through the window at once, each channel on its own.
  const maps = [prediction, target, square(prediction), square(target), mul(prediction, target)];
  const blurred = blur(concatenate(maps));
  const [m, mt, xx, yy, xy] = maps.map((_, i) =>
    slice(blurred, [0, 0, 0, i * c], [n, h - SIZE + 1, w - SIZE + 1, c]),
  );
  const product = mul(m, mt);
  const squares = add(square(m), square(mt));
  const covariance = sub(xy, product);
  const variances = sub(add(xx, yy), squares);
  const numerator = mul(add(mul(product, 2), C1), add(mul(covariance, 2), C2));
  return sub(1, mean(div(numerator, mul(add(squares, C1), add(variances, C2)))));
}

/** The window is a product of two 11-tap rows, so it slides down and then across. */
function blur(x: Tensor): Tensor {
  const channels = x.shape[3];
  const row = tensor(GAUSSIAN);
  const taps = (kh: number, kw: number) => broadcastTo(reshape(row, [kh, kw, 1, 1]), [kh, kw, 1, channels]);
  return conv2d(conv2d(x, taps(SIZE, 1), { groups: channels }), taps(1, SIZE), { groups: channels });
}

/** The taps, which sum to 1. */
const GAUSSIAN = (() => {
  const weights = Array.from({ length: SIZE }, (_, i) =>
    Math.exp(-((i - (SIZE - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
})();
