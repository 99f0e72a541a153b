// Numbers about numbers: what a page or a line of text tells of a tensor.

export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
  /** The root of the sum of squares. */
  readonly norm: number;
  /** The share that is exactly 0. */
  readonly zeros: number;
  /** How many are NaN or infinite; the other figures leave them out. */
  readonly notFinite: number;
}

export function statisticsOf(values: ArrayLike<number>): Statistics {
  let [min, max, sum, squares, zeros, notFinite] = [Infinity, -Infinity, 0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (!Number.isFinite(x)) {
      notFinite++;
      continue;
    }
    if (x < min) min = x;
    if (x > max) max = x;
    if (x === 0) zeros++;
    sum += x;
    squares += x * x;
  }
  const count = values.length - notFinite;
  if (count === 0) return { min: NaN, max: NaN, mean: NaN, std: NaN, norm: NaN, zeros: 0, notFinite };
  const mean = sum / count;
  const std = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { min, max, mean, std, norm: Math.sqrt(squares), zeros: zeros / count, notFinite };
}

/** How many of the finite values lie in each of equally wide bins between low and high, ends included. */
export function histogramOf(values: ArrayLike<number>, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const scale = high > low ? bins / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (x >= low && x <= high) counts[Math.min(bins - 1, Math.floor((x - low) * scale))]++;
  }
  return counts;
}
