// Blurs of one plane, continued at the borders by reflection: what degradations smooth with. A Gaussian, and for wide ones a box
// applied three times, which is close to a Gaussian and costs the same at any width.

/** Below this many pixels a blur changes nothing that could be seen. */
const leastSigma = 0.1;

/** Weights of taps -radius to radius, adding up to 1; they end where 2.5 deviations do. */
function kernelOf(sigma: number): Float64Array {
  const radius = Math.ceil(2.5 * sigma);
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((w) => w / sum);
}

/** Reflected about the outermost values, which are not repeated: ... 2 1 | 0 1 2 ... */
function reflect(i: number, n: number): number {
  const period = Math.max(1, 2 * n - 2);
  const at = ((i % period) + period) % period;
  return at < n ? at : period - at;
}

/**
 * The plane [height, width] blurred by a Gaussian of deviation `sigma` in pixels; a new array.
 */
export function blurPlane(plane: Float32Array, width: number, height: number, sigma: number): Float32Array {
  if (sigma < leastSigma) return plane.slice();
  const taps = kernelOf(sigma);
  const radius = (taps.length - 1) / 2;
  const padded = new Float32Array(width + 2 * radius);
  const across = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let i = 0; i < radius; i++) {
      padded[i] = plane[row + reflect(i - radius, width)];
      padded[radius + width + i] = plane[row + reflect(width + i, width)];
    }
    padded.set(plane.subarray(row, row + width), radius);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < taps.length; k++) sum += taps[k] * padded[x + k];
      across[row + x] = sum;
    }
  }
  const out = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let k = 0; k < taps.length; k++) {
      const from = reflect(y + k - radius, height) * width;
      const weight = taps[k];
      for (let x = 0; x < width; x++) out[row + x] += weight * across[from + x];
    }
  }
  return out;
}

/**
 * The plane blurred by three means over 2 radius + 1 pixels, across and down: close to a Gaussian of deviation
 * sqrt(radius (radius + 1)); a new array.
 */
export function boxBlurPlane(
  plane: Float32Array,
  width: number,
  height: number,
  radius: number,
): Float32Array {
  const out = plane.slice();
  for (let y = 0; y < height; y++) boxLine(out, y * width, 1, width, radius);
  for (let x = 0; x < width; x++) boxLine(out, x, width, height, radius);
  return out;
}

/** Three running means of the `n` values that begin at `start` and lie `stride` apart, in place. */
function boxLine(data: Float32Array, start: number, stride: number, n: number, radius: number): void {
  const margin = 3 * radius;
  const line = new Float64Array(n + 2 * margin);
  for (let i = 0; i < line.length; i++) line[i] = data[start + reflect(i - margin, n) * stride];
  const window = 2 * radius + 1;
  for (let length = line.length; length > n; length -= 2 * radius) {
    let sum = 0;
    for (let i = 0; i < window; i++) sum += line[i];
    for (let i = 0; i + window <= length; i++) {
      const first = line[i];
      line[i] = sum / window;
      sum += line[i + window] - first;
    }
  }
  for (let i = 0; i < n; i++) data[start + i * stride] = line[i];
}
