// Sensor noise as it is after a camera has developed the picture. The picture is taken back to the sensor's linear light, noise is
// added there, both are developed; what is kept is the *difference* that the noise made, so that the picture itself is neither
// blurred nor coloured, and a network learns to remove noise and nothing else. What a camera does to noise afterwards is
// noise-reduction.ts, the file it writes jpeg.ts.
//
// Colours, noise levels and their ranges: Brooks, Mildenhall, Xue, Chen, Sharlet and Barron, "Unprocessing images for learned raw
// denoising", CVPR 2019, with more noise at the upper end, for higher ISO.

import type { RandomStream } from "../../base/random-stream.js";
import type { Plane } from "../../image/plane.js";
import { type BayerPhase, bayerColour, demosaic, type DemosaicMethod } from "./demosaic.js";
import { between, happens, logBetween } from "./draws.js";
import { toneCurve } from "./tone.js";

/** Three rows of three. */
export type Matrix = readonly number[];

export interface Camera {
  /** Variance of the noise of a value v of linear light at the sensor: shot v + read. */
  readonly shot: number;
  readonly read: number;
  /** What red, green and blue are multiplied by after the sensor: white balance and exposure; noise grows with it. */
  readonly gains: readonly [number, number, number];
  /** The camera's colours to linear sRGB; its rows add up to 1. */
  readonly toSrgb: Matrix;
  /** See `toneCurve`. */
  readonly contrast: number;
  readonly phase: BayerPhase;
  /** "none": three sensors, or a picture reduced so much that the mosaic no longer shows. */
  readonly demosaic: DemosaicMethod | "none";
}

// XYZ to the colours of four cameras, from Brooks et al.
const CAMERAS: readonly Matrix[] = [
  [1.0234, -0.2969, -0.2266, -0.5625, 1.6328, -0.0469, -0.0703, 0.2188, 0.6406],
  [0.4913, -0.0541, -0.0202, -0.613, 1.3513, 0.2906, -0.1564, 0.2151, 0.7183],
  [0.838, -0.263, -0.0639, -0.2887, 1.0725, 0.2496, -0.0627, 0.1427, 0.5438],
  [0.6596, -0.2079, -0.0562, -0.4782, 1.3016, 0.1933, -0.097, 0.1581, 0.5181],
];
const SRGB_TO_XYZ: Matrix = [
  0.4124564, 0.3575761, 0.1804375, 0.2126729, 0.7151522, 0.072175, 0.0193339, 0.119192, 0.9503041,
];
/** Different tone curves that are drawn; each is a pair of tables. */
const CONTRASTS = 8;

/** A camera at some ISO. `shotRange`: its shot noise is drawn from this, evenly in the logarithm. */
export function drawCamera(random: RandomStream, shotRange: readonly [number, number]): Camera {
  const mix = CAMERAS.map(() => random.uniform());
  const total = mix.reduce((a, b) => a + b, 0);
  const fromXyz = CAMERAS[0].map((_, i) => CAMERAS.reduce((sum, m, k) => sum + (m[i] * mix[k]) / total, 0));
  const shot = logBetween(random, ...shotRange);
  const read = Math.exp(2.18 * Math.log(shot) + 1.2 + 0.26 * random.normal());
  const exposure = 1 / Math.max(0.5, 0.8 + 0.1 * random.normal());
  const methods = ["bilinear", "edge-aware", "edge-aware", "none"] as const;
  return {
    shot,
    read,
    gains: [exposure * between(random, 1.6, 2.4), exposure, exposure * between(random, 1.4, 2.2)],
    toSrgb: inverse(rowsToOne(product(fromXyz, SRGB_TO_XYZ))),
    contrast: random.integer(CONTRASTS) / (CONTRASTS - 1),
    phase: { x0: happens(random, 0.5) ? 1 : 0, y0: happens(random, 0.5) ? 1 : 0 },
    demosaic: methods[random.integer(methods.length)],
  };
}

/**
 * What the camera's noise does to a picture of three channels: to be added to it. Its mean is 0 everywhere, as the curve is
 * followed by the noise and by its negative, half of each: (curve(light + noise) - curve(light - noise)) / 2.
 */
export function cameraNoise(clean: Plane, camera: Camera, random: RandomStream): Float32Array {
  const { data } = clean;
  const { encode, decode } = toneCurve(camera.contrast);
  const light = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) light[i] = decode(data[i]);
  const noise =
    camera.demosaic === "none"
      ? plainNoise(clean, light, camera, random)
      : mosaicNoise(clean, light, camera, random);
  const m = camera.toSrgb;
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [noise[i], noise[i + 1], noise[i + 2]];
    for (let c = 0; c < 3; c++) {
      const n = m[3 * c] * r + m[3 * c + 1] * g + m[3 * c + 2] * b;
      out[i + c] = 0.5 * (encode(light[i + c] + n) - encode(light[i + c] - n));
    }
  }
  return out;
}

/** Deviation of the noise of a value of linear light that has been multiplied by its gain. */
const deviation = (value: number, gain: number, { shot, read }: Camera): number =>
  Math.sqrt(gain * Math.max(0, value) * shot + gain * gain * read);

/** Noise of all three of the camera's colours at every pixel, in linear light. */
function plainNoise(
  { data }: Plane,
  light: Float32Array,
  camera: Camera,
  random: RandomStream,
): Float32Array {
  const fromSrgb = inverse(camera.toSrgb);
  const noise = new Float32Array(data.length);
  random.fillNormal(noise);
  for (let i = 0; i < data.length; i += 3)
    for (let c = 0; c < 3; c++)
      noise[i + c] *= deviation(seen(light, i, fromSrgb, c), camera.gains[c], camera);
  return noise;
}

/** The same of one colour a pixel, and what demosaicing makes of it. */
function mosaicNoise(
  { width, height }: Plane,
  light: Float32Array,
  camera: Camera,
  random: RandomStream,
): Float32Array {
  const { phase, gains } = camera;
  const method = camera.demosaic as DemosaicMethod;
  const fromSrgb = inverse(camera.toSrgb);
  const raw = new Float32Array(width * height);
  const noise = new Float32Array(width * height);
  random.fillNormal(noise);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const c = bayerColour(x, y, phase);
      raw[i] = seen(light, 3 * i, fromSrgb, c);
      noise[i] *= deviation(raw[i], gains[c], camera);
    }
  if (method === "bilinear") return demosaic(noise, width, height, phase, method); // it is linear: the picture drops out
  const before = demosaic(raw, width, height, phase, method);
  for (let i = 0; i < raw.length; i++) raw[i] += noise[i];
  const developed = demosaic(raw, width, height, phase, method);
  for (let i = 0; i < developed.length; i++) developed[i] -= before[i];
  return developed;
}

/** What colour `c` of the camera sees of the linear sRGB light at `i`. */
const seen = (light: Float32Array, i: number, fromSrgb: Matrix, c: number): number =>
  fromSrgb[3 * c] * light[i] + fromSrgb[3 * c + 1] * light[i + 1] + fromSrgb[3 * c + 2] * light[i + 2];

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

/** Every row divided by its sum: white stays white. */
function rowsToOne(m: Matrix): Matrix {
  return m.map((value, i) => {
    const row = 3 * Math.floor(i / 3);
    return value / (m[row] + m[row + 1] + m[row + 2]);
  });
}

/** By cofactors. */
function inverse(m: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i] = m;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const adjugate = [
    ...[e * i - f * h, c * h - b * i, b * f - c * e],
    ...[f * g - d * i, a * i - c * g, c * d - a * f],
    ...[d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  return adjugate.map((value) => value / determinant);
}
