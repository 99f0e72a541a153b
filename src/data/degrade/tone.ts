// Tone curves: from linear light to a file's values and back. sRGB's gamma (IEC 61966-2-1), then more or less of the S-curve
// 3y² - 2y³ that stands for what cameras do to contrast (after Brooks et al., "Unprocessing images for learned raw denoising", CVPR 2019).

const STEPS = 4096;

/** A rising curve of [0, 1] onto itself, as tables with linear interpolation. */
export interface ToneCurve {
  /** Linear light to a file's value; outside of [0, 1] clipped. */
  encode(light: number): number;
  decode(value: number): number;
}

/** Linear light to sRGB's value. */
export const srgbEncode = (light: number): number =>
  light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;

export const srgbDecode = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;

const known = new Map<number, ToneCurve>();

/**
 * @param contrast how much of the S-curve: 0 none (plain sRGB) to 1 all. Curves are kept, so ask for few different ones.
 */
export function toneCurve(contrast: number): ToneCurve {
  let curve = known.get(contrast);
  if (!curve) known.set(contrast, (curve = madeCurve(contrast)));
  return curve;
}

function madeCurve(contrast: number): ToneCurve {
  const shape = (y: number) => y + contrast * (y * y * (3 - 2 * y) - y);
  // The S-curve's inverse has no simple form where it is mixed in; found by halving, as it rises.
  const unshape = (value: number) => {
    let [low, high] = [0, 1];
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2;
      if (shape(middle) < value) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  // Gamma is steep near 0, where steps of light would be too coarse: the table goes by the light's square root.
  const encoded = tableOf((root) => shape(srgbEncode(root * root)));
  const decoded = tableOf((value) => srgbDecode(unshape(value)));
  return {
    encode: (light) => (light > 0 ? look(encoded, Math.sqrt(light)) : 0),
    decode: (value) => look(decoded, value),
  };
}

const tableOf = (f: (x: number) => number) =>
  Float64Array.from({ length: STEPS + 1 }, (_, i) => f(i / STEPS));

function look(table: Float64Array, x: number): number {
  if (!(x > 0)) return table[0];
  if (x >= 1) return table[STEPS];
  const at = x * STEPS;
  const cell = Math.floor(at);
  return table[cell] + (at - cell) * (table[cell + 1] - table[cell]);
}
