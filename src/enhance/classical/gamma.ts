// Gamma: mid tones brighter (below 1) or darker (above 1), black and white where they are.
//
//   level' = max (level / max)^gamma
//
// As OpenCV's intensity_transform.gammaCorrection and scikit-image's adjust_gamma have it. Colour: each channel.

import { maxLevel, type Image } from "../../image/image.js";
import { mapLevels, nearestLevel } from "./levels.js";

export function gamma(image: Image, exponent: number): Image {
  const max = maxLevel(image);
  return mapLevels(image, (level) => nearestLevel((level / max) ** exponent * max, max));
}
