// What is left of Gaussian noise where a picture's range ends: a pixel of brightness m with noise sigma is cut off at 0 and 1. With
// a = -m / sigma, b = (1 - m) / sigma, Phi the normal distribution, phi its density, D = Phi(b) - Phi(a):
//   mean of what is left      E  = 1 - Phi(b) + m D + sigma (phi(a) - phi(b))
//   mean square               E2 = 1 - Phi(b) + (m^2 + sigma^2) D + sigma (m phi(a) - (m + 1) phi(b))
// so that a place whose observed mean is E keeps the share (E2 - E^2) / sigma^2 of the noise's variance.

const steps = 64;

/** The share of the variance that is left, in [0, 1], by observed mean in [0, 1]. */
export function shareAfterClipping(sigma: number): (mean: number) => number {
  const s = Math.max(sigma, 1e-3);
  const table = new Float64Array(steps + 1);
  const brightest = 1 + 2 * s;
  const stride = (brightest + 2 * s) / 400;
  let [before, at] = [observed(-2 * s, s), 0];
  for (let m = -2 * s + stride; at <= steps && m <= brightest + stride; m += stride) {
    const now = observed(m, s);
    for (; at <= steps && (at / steps <= now.mean || m > brightest); at++) {
      const t = Math.min(1, Math.max(0, (at / steps - before.mean) / (now.mean - before.mean || 1)));
      table[at] = before.share + t * (now.share - before.share);
    }
    before = now;
  }
  return (mean) => {
    const place = Math.min(1, Math.max(0, mean)) * steps;
    const below = Math.min(steps - 1, Math.floor(place));
    return table[below] + (place - below) * (table[below + 1] - table[below]);
  };
}

function observed(m: number, sigma: number): { mean: number; share: number } {
  const [a, b] = [-m / sigma, (1 - m) / sigma];
  const inside = distribution(b) - distribution(a);
  const above = 1 - distribution(b);
  const mean = above + m * inside + sigma * (density(a) - density(b));
  const square = above + (m * m + sigma * sigma) * inside + sigma * (m * density(a) - (m + 1) * density(b));
  return { mean, share: Math.max(0, square - mean * mean) / (sigma * sigma) };
}

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The normal distribution, to 1.5e-7 (Abramowitz and Stegun, 7.1.26). */
function distribution(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - series * Math.exp(-z * z);
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}
