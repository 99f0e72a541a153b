// Philox4x32-10, the counter-based generator that every backend shares, so that all of them draw the same numbers.
// Salmon, Moraes, Dror and Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// The `random` kernel and its meaning in terms of tensors are left to kernels.ts.

import { UserError } from "./errors.js";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9; // golden ratio
const WEYL_1 = 0xbb67ae85; // sqrt(3) - 1
const ROUNDS = 10;

export type Counter = readonly [number, number, number, number];
export type Key = readonly [number, number];

/** High 32 bits of the 64-bit product of two 32-bit integers, by 16-bit halves; every partial sum stays below 2^32. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const cross = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/** Encrypts one 128-bit counter with a 64-bit key: four unsigned 32-bit words, written to `out[0..3]`. */
export function philox4x32(counter: Counter, key: Key, out: Uint32Array): void {
  philoxWords(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out, 0);
}

/** As `philox4x32`, without the tuples, for inner loops; writes `out[offset..offset + 3]`. */
export function philoxWords(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array | Int32Array,
  offset: number,
): void {
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[offset] = c0;
  out[offset + 1] = c1;
  out[offset + 2] = c2;
  out[offset + 3] = c3;
}

/** A 32-bit word as a uniform number in [0, 1), of 24 bits, so that float32 holds it exactly. */
export function uniformFrom(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/**
 * Box-Muller: two uniform numbers of [0, 1) as two independent standard normal ones. `1 - u0` lies in (0, 1], so the
 * logarithm is finite.
 */
export function normalPair(u0: number, u1: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - u0));
  const angle = 2 * Math.PI * u1;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** A seed in [0, 2^53) as a Philox key. */
export function keyOf(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UserError(`The seed ${seed} is not an integer in [0, 2^53); give one that is.`);
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}
