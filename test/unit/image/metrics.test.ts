import { describe, expect, it } from "vitest";
import { createImage, type Channels } from "../../../src/image/image.js";
import { psnr, ssim } from "../../../src/image/metrics.js";
import type { Plane } from "../../../src/image/plane.js";

function pair(width: number, height: number, channels: Channels): [Plane, Plane] {
  const a = new Float32Array(width * height * channels);
  const b = new Float32Array(a.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++, i++) {
        const value = 0.5 + 0.4 * Math.sin(0.3 * x + c) * Math.cos(0.2 * y);
        a[i] = value;
        b[i] = value + 0.1 * Math.sin(1.7 * x + 2.3 * y + c);
      }
    }
  }
  return [
    { width, height, channels, data: a },
    { width, height, channels, data: b },
  ];
}

describe("psnr and ssim", () => {
  // Made once with scikit-image 0.19.3 on float64 copies of the same float32 images:
  //   peak_signal_noise_ratio(a, b, data_range=1)
  //   structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=2)
  it.each([
    [37, 29, 1, 23.010052972, 0.774094134],
    [37, 29, 3, 23.010304926, 0.775013627],
    [11, 11, 1, 23.011103137, 0.783821921],
    [11, 40, 3, 23.010273197, 0.774616924],
  ] as const)(
    "agree with scikit-image for $0x$1 with $2 channels",
    (width, height, channels, psnrThere, ssimThere) => {
      const [a, b] = pair(width, height, channels);
      expect(Math.abs(psnr(a, b) - psnrThere)).toBeLessThan(1e-6);
      expect(Math.abs(ssim(a, b) - ssimThere)).toBeLessThan(1e-6);
    },
  );

  it("are perfect for equal images and symmetric", () => {
    const [a, b] = pair(20, 15, 3);
    expect(psnr(a, a)).toBe(Infinity);
    expect(ssim(a, a)).toBeCloseTo(1, 12);
    expect(ssim(b, a)).toBeCloseTo(ssim(a, b), 12);
  });

  it("give the PSNR of a known error", () => {
    const a = createImage(4, 4, 1);
    const b = createImage(4, 4, 1, new Uint16Array(16).fill(13107)); // a fifth of white
    expect(psnr(a, b)).toBeCloseTo(20 * Math.log10(5), 5);
  });

  it("refuse images of different size or kind, and SSIM tiny ones", () => {
    const image = createImage(20, 20, 1);
    for (const other of [createImage(21, 20, 1), createImage(20, 20, 3)]) {
      expect(() => psnr(image, other)).toThrow(/^Two images of different size .*20x20, 1 channel;/);
      expect(() => ssim(image, other)).toThrow(/different size/);
    }
    expect(() => ssim(createImage(10, 20, 1), createImage(10, 20, 1))).toThrow(
      /SSIM needs at least 11x11 pixels/,
    );
  });
});
