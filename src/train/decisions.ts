// What depends on clocks and signals, which differ between ranks: the time that has passed, that training is to end, that it is to
// be validated. One process asks its own; several agree at each step, by rank 0's clock and any rank's signal.

import type { Ranks } from "../ranks/ranks.js";

export interface OwnView {
  /** The signal to end was given to this process. */
  isAborted(): boolean;
  minutes(): number;
  /** By this process's clock, a validation is due after the step of this number. */
  isValidationDue(step: number): boolean;
}

export class Decisions {
  private agreed: { aborted: boolean; minutes: number; validationDue: boolean } | undefined;

  constructor(
    private readonly ranks: Ranks,
    private readonly own: OwnView,
  ) {}

  /** The numbers that this rank adds for the step of this number; they are few and always as many. */
  say(step: number): number[] {
    const { own } = this;
    const aborted = own.isAborted() ? 1 : 0;
    return this.ranks.rank === 0
      ? [aborted, own.minutes(), own.isValidationDue(step) ? 1 : 0]
      : [aborted, 0, 0];
  }

  /** The sums over all ranks. */
  hear([aborted, minutes, due]: Iterable<number>): void {
    this.agreed = { aborted: aborted > 0, minutes, validationDue: due > 0 };
  }

  /** Agrees without a step, before the first one. */
  async agree(step: number): Promise<void> {
    if (this.ranks.size === 1) return;
    const sums = Float32Array.from(this.say(step));
    await this.ranks.allReduce(sums);
    this.hear(sums);
  }

  get isAborted(): boolean {
    return this.agreed?.aborted ?? this.own.isAborted();
  }
  get minutes(): number {
    return this.agreed?.minutes ?? this.own.minutes();
  }
  /** After the step of this number, the last one done. */
  isValidationDue(step: number): boolean {
    return this.agreed?.validationDue ?? this.own.isValidationDue(step);
  }
}
