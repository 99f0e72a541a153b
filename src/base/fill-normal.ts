// Many normal numbers at once, for the host side: noise for training batches, initial weights.
// The same numbers as philox.ts's `normalPair` gives (to float32, see the test), about twice as fast: the logarithm and
// the angle are taken from a table and mended by the first terms of a series, without a branch that is hard to predict.

import { philoxWords } from "./philox.js";

const CELL_BITS = 10;
const CELLS = 1 << CELL_BITS;
const REST_BITS = 24 - CELL_BITS;

/** At the middle c of each cell of [1, 2): -2 ln c, and 1 / c. */
const MINUS_2_LOG = Float64Array.from({ length: CELLS }, (_, i) => -2 * Math.log(middle(i)));
const RECIPROCAL = Float64Array.from({ length: CELLS }, (_, i) => 1 / middle(i));
/** -2 ln 2^(7 - zeros): what the leading zeros of a 25-bit number weigh. */
const MINUS_2_LOG_POWER = Float64Array.from({ length: 33 }, (_, zeros) => -2 * (7 - zeros) * Math.LN2);
/** At the middle of each of 1024 cells of the full turn. */
const COSINE = Float64Array.from({ length: CELLS }, (_, i) => Math.cos(2 * Math.PI * (middle(i) - 1)));
const SINE = Float64Array.from({ length: CELLS }, (_, i) => Math.sin(2 * Math.PI * (middle(i) - 1)));
const TURN_STEP = 2 * Math.PI * 2 ** -24;

function middle(cell: number): number {
  return 1 + (cell + 0.5) / CELLS;
}

/** -2 ln(1 - u) of the uniform number u that the word's upper 24 bits are; never below 0, whatever rounding does near u = 0. */
export function minus2LogOf(word: number): number {
  const n = (0x1000000 - (word >>> 8)) | 0; // (1 - u) 2^24, from 1 to 2^24
  const zeros = Math.clz32(n);
  const mantissa = n << (zeros - 7); // from 2^24 to 2^25 - 1, standing for [1, 2)
  const cell = (mantissa >>> REST_BITS) & (CELLS - 1);
  const f = mantissa * 2 ** -24 * RECIPROCAL[cell] - 1; // |f| < 2^-10: ln(1 + f) = f - f²/2 + f³/3 - ...
  return Math.max(0, MINUS_2_LOG_POWER[zeros] + MINUS_2_LOG[cell] - 2 * (f - f * f * (0.5 - f * (1 / 3))));
}

/**
 * Fills `out` with normal numbers of standard deviation `scale`. Element i comes from the Philox counter
 * [low, high, c2, c3], where low and high are the words of `block + floor(i / 4)`: output words 0 and 1 make the first
 * two of each four by Box-Muller, words 2 and 3 the other two.
 */
export function fillNormal(
  out: Float32Array,
  scale: number,
  block: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  const words = new Int32Array(4);
  for (let i = 0; i < out.length; i += 4, block++) {
    philoxWords(block | 0, Math.floor(block / 2 ** 32), c2, c3, k0, k1, words, 0);
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = scale * Math.sqrt(minus2LogOf(words[pair]));
      const turn = words[pair + 1] >>> 8;
      const cell = turn >>> REST_BITS;
      // The angle is the cell's middle plus d; the cosine and sine of the sum follow from those of the two.
      const d = ((turn & ((1 << REST_BITS) - 1)) - (1 << (REST_BITS - 1))) * TURN_STEP;
      const cosD = 1 - d * d * (0.5 - d * d * (1 / 24));
      const sinD = d * (1 - d * d * (1 / 6));
      out[i + pair] = radius * (COSINE[cell] * cosD - SINE[cell] * sinD);
      out[i + pair + 1] = radius * (SINE[cell] * cosD + COSINE[cell] * sinD); // past the end: no effect
    }
  }
}
