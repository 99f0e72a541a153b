// Pictures as JPEG leaves them, as the blind network of `--task deblock` learns from them: any quality, saved once or twice, in
// colour or grey. Noise is photo.ts's business.

import type { RandomStream } from "../../base/random-stream.js";
import { rgbToYCbCr } from "../../image/colour.js";
import type { Plane } from "../../image/plane.js";
import { type Degradation, happens, logBetween, oneOf } from "./draws.js";
import { jpegCut, samplings } from "./jpeg.js";

/** Drawn with an even logarithm: half of them below 22, where most is lost. */
const QUALITY: readonly [number, number] = [5, 95];
/** Saved again, cut differently. */
const TWICE = 0.25;
const GREY = 0.35;

export const degradeDeblock: Degradation = (clean, random) => {
  const once = saved(clean, random, 0, 0);
  return happens(random, TWICE) ? saved(once, random, random.integer(16), random.integer(16)) : once;
};

/** A share of the pictures without colour: grey ones are as often looked at. */
export const greyAtTimes: Degradation = (clean, random) => (happens(random, GREY) ? grey(clean) : clean);

function saved(picture: Plane, random: RandomStream, left: number, top: number): Plane {
  const quality = Math.floor(logBetween(random, ...QUALITY));
  return jpegCut(picture, quality, oneOf(random, samplings), left, top);
}

/** Luma in all three channels. */
function grey(picture: Plane): Plane {
  const { data } = rgbToYCbCr(picture);
  for (let at = 0; at < data.length; at += 3) data.fill(data[at], at + 1, at + 3);
  return { ...picture, data };
}
