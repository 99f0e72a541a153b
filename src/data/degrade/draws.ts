// How degradations draw their numbers.

import type { RandomStream } from "../../base/random-stream.js";

/** Evenly from [from, to). */
export const between = (random: RandomStream, from: number, to: number): number =>
  from + (to - from) * random.uniform();

/** From [from, to), both above 0, with evenly distributed logarithm: as many from 1 to 2 as from 10 to 20. */
export const logBetween = (random: RandomStream, from: number, to: number): number =>
  from * (to / from) ** random.uniform();

/** True with this probability. */
export const happens = (random: RandomStream, probability: number): boolean => random.uniform() < probability;
