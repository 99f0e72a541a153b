// A sequence of random numbers for the host side (shuffles, crops, initial weights), on top of Philox.
// Its whole state is three integers, so that a checkpoint can hold it. Random tensors are the `random` kernel's.

import { fillNormal } from "./fill-normal.js";
import { keyOf, normalPair, philoxWords, uniformFrom, type Key } from "./philox.js";

/** Everything there is to know about a stream: plain JSON. `position` counts the 32-bit words drawn so far. */
export interface RandomState {
  seed: number;
  stream: number;
  position: number;
}

/** Keeps these counters apart from those of the `random` kernel, whose last counter word is 0. */
const STREAM_DOMAIN = 1;

export class RandomStream {
  readonly seed: number;
  readonly stream: number;
  private readonly key: Key;
  private words: number;
  private blockIndex = -1;
  private readonly block = new Uint32Array(4);

  /**
   * @param seed integer in [0, 2^53): the Philox key
   * @param stream integer in [0, 2^32): streams of one seed are independent of each other
   */
  constructor(seed: number, stream = 0, position = 0) {
    if (stream !== stream >>> 0) throw new RangeError(`stream ${stream} is not an integer in [0, 2^32)`);
    this.seed = seed;
    this.key = keyOf(seed);
    this.stream = stream;
    this.words = position;
  }

  static from(state: RandomState): RandomStream {
    return new RandomStream(state.seed, state.stream, state.position);
  }

  get state(): RandomState {
    return { seed: this.seed, stream: this.stream, position: this.words };
  }

  /** The next 32 random bits, as an unsigned integer. */
  word(): number {
    const index = Math.floor(this.words / 4);
    if (index !== this.blockIndex) {
      const [low, high] = [index >>> 0, Math.floor(index / 2 ** 32)];
      philoxWords(low, high, this.stream, STREAM_DOMAIN, this.key[0], this.key[1], this.block, 0);
      this.blockIndex = index;
    }
    return this.block[this.words++ % 4];
  }

  /** A number in [0, 1). */
  uniform(): number {
    return uniformFrom(this.word());
  }

  /** A standard normal number; draws two words. */
  normal(): number {
    const u0 = this.uniform();
    return normalPair(u0, this.uniform())[0];
  }

  /** An integer in [0, n), each equally likely (words that would favour small ones are drawn again). */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32))
      throw new RangeError(`integer(${n}): n must be in [1, 2^32]`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % n;
  }

  /** Puts a list into random order in place (Fisher-Yates) and returns it. */
  shuffle<T extends { length: number; [index: number]: unknown }>(list: T): T {
    const items = list as { [index: number]: unknown };
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return list;
  }

  /** Fills `out` with normal numbers of standard deviation `scale`, from the next whole block on. */
  fillNormal(out: Float32Array, scale = 1): void {
    const index = Math.ceil(this.words / 4);
    fillNormal(out, scale, index, this.stream, STREAM_DOMAIN, this.key[0], this.key[1]);
    this.words = (index + Math.ceil(out.length / 4)) * 4;
  }
}
