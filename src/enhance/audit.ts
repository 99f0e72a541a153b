// Nothing silent: what a network answers is looked at on its way into the picture, and an answer that cannot be an enhanced
// picture is an error, not a file. Rivals write black, grey or untouched pictures and say "done".

import { UserError } from "../base/errors.js";
import type { Pixels } from "./pixels.js";

/** The answer of a network that is no enhanced picture: a broken network, or a backend that computes wrongly. */
export class UnsoundResult extends UserError {
  constructor(
    private readonly what: string,
    picture = "the picture",
  ) {
    super(
      `The network's answer to ${picture} ${what}, so nothing is written; another backend or another model tells which of the two is at fault.`,
    );
  }

  /** The same of a picture with a name. */
  about(picture: string): UnsoundResult {
    return new UnsoundResult(this.what, picture);
  }
}

/** Taking noise out moves no picture's mean by more, in 8-bit grey levels. */
const mostShift = 2;
/**
 * But strong noise that was cut off at black has made a night picture brighter, and it rightly comes back darker, as one that was cut
 * off at white brighter: by such a share, at most, of what changes at all (the root of its mean square).
 */
const shareOfChange = 0.15;
/** Where so large a share of the values lies within so many grey levels of that end. */
const leastCut = 0.01;
const nearEnd = 4 / 255;
/** Values that differ by less than a sixteenth of an 8-bit level are alike. */
const alike = 1 / 255 / 16;

interface Channel {
  /** Of the picture and of the answer. */
  least: [number, number];
  most: [number, number];
  /** How many of the picture's values lie at black, and at white. */
  cut: [number, number];
  /** Sum of the differences, and of their squares. */
  shift: number;
  squares: number;
  /** The largest one. */
  change: number;
}

export class Audit implements Pixels {
  private row = new Float32Array(0);
  private readonly channels: Channel[];
  private count = 0;

  /**
   * The same pixels, watched.
   * @param channels of the model
   */
  constructor(
    private readonly pixels: Pixels,
    channels: number,
  ) {
    this.channels = Array.from({ length: channels }, () => ({
      least: [Infinity, Infinity],
      most: [-Infinity, -Infinity],
      cut: [0, 0],
      shift: 0,
      squares: 0,
      change: 0,
    }));
  }

  get width(): number {
    return this.pixels.width;
  }
  get height(): number {
    return this.pixels.height;
  }

  read(y: number, left: number, count: number, out: Float32Array, at: number): void {
    this.pixels.read(y, left, count, out, at);
  }

  /** Throws UnsoundResult for values that are not finite. */
  write(y: number, left: number, count: number, values: Float32Array, from: number): void {
    const { channels } = this;
    const length = count * channels.length;
    if (this.row.length < length) this.row = new Float32Array(length);
    this.pixels.read(y, left, count, this.row, 0);
    for (const [c, channel] of channels.entries())
      for (let i = c; i < length; i += channels.length) {
        const [before, after] = [this.row[i], values[from + i]];
        // Not finite, too: the difference to a finite number would not be.
        const change = after - before;
        if (!(Math.abs(change) < Infinity)) throw new UnsoundResult("holds numbers that are not finite");
        channel.shift += Math.min(1, Math.max(0, after)) - before;
        channel.squares += change * change;
        channel.change = Math.max(channel.change, Math.abs(change));
        if (before <= nearEnd) channel.cut[0]++;
        if (before >= 1 - nearEnd) channel.cut[1]++;
        channel.least[0] = Math.min(channel.least[0], before);
        channel.least[1] = Math.min(channel.least[1], after);
        channel.most[0] = Math.max(channel.most[0], before);
        channel.most[1] = Math.max(channel.most[1], after);
      }
    this.count += count;
    this.pixels.write(y, left, count, values, from);
  }

  /** Nothing that was written differs from what was there. */
  get isUnchanged(): boolean {
    return this.channels.every((channel) => channel.change <= alike);
  }

  /**
   * To be called when all is written.
   * @param hasNoise noise was found, so that a network that changes nothing has failed
   * @throws UnsoundResult
   */
  conclude(hasNoise: boolean): void {
    const spread = ({ least, most }: Channel, which: 0 | 1) => most[which] - least[which];
    if (this.channels.some((c) => spread(c, 0) > alike && spread(c, 1) <= alike))
      throw new UnsoundResult("is one even colour where the picture is not");
    for (const { shift, squares, cut } of this.channels) {
      const [moved, changed] = [Math.abs(shift / this.count), Math.sqrt(squares / this.count)].map(
        (x) => 255 * x,
      );
      const isCut = cut[shift < 0 ? 0 : 1] >= leastCut * this.count;
      if (moved > (isCut ? Math.max(mostShift, shareOfChange * changed) : mostShift))
        throw new UnsoundResult(`is ${moved.toFixed(1)} grey levels brighter or darker than the picture`);
    }
    if (hasNoise && this.isUnchanged)
      throw new UnsoundResult("is the picture itself, although noise was found in it");
  }
}
