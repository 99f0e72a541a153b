// Notices a training that has run away: the loss is still a number, but a thousand times what it was. What is not a number any more ends
// a training by itself (DivergedError in train/fit.ts).

/** A loss jumps by a factor of a few from step to step, and falls by a thousand only over a whole training. */
const tooMuch = 1000;
/** Steps whose mean is looked at; before so many the first, large losses are in it. */
const steps = 50;

export class RunawayWatch {
  private mean: number | undefined;
  private lowest = Infinity;
  private seen = 0;
  private isTold = false;

  /** @returns once, when the mean loss has grown too much: how it stands, as half a sentence */
  check(loss: number): string | undefined {
    this.mean = this.mean === undefined ? loss : this.mean + (loss - this.mean) / steps;
    if (++this.seen >= steps) this.lowest = Math.min(this.lowest, this.mean);
    if (this.isTold || this.lowest === 0 || this.mean < tooMuch * this.lowest) return undefined;
    this.isTold = true;
    return `the mean loss has risen from ${this.lowest.toPrecision(2)} to ${this.mean.toPrecision(2)}`;
  }
}
