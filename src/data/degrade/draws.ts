// What a degradation is, and how it draws its numbers.

import { RandomStream } from "../../base/random-stream.js";
import type { Plane } from "../../image/plane.js";

/** A clean picture to a bad one of the same size. All draws come from `random`. */
export type Degradation = (clean: Plane, random: RandomStream) => Plane;

/** Keeps these streams apart from those that shuffle images, which count epochs. */
const FIRST_STREAM = 2 ** 31;

/** The random numbers of picture (or patch) `index` of a seed. */
export const degradationStream = (seed: number, index: number): RandomStream =>
  new RandomStream(seed, (FIRST_STREAM + (index % FIRST_STREAM)) >>> 0);

/** Evenly from [from, to). */
export const between = (random: RandomStream, from: number, to: number): number =>
  from + (to - from) * random.uniform();

/** From [from, to), both above 0, with evenly distributed logarithm: as many from 1 to 2 as from 10 to 20. */
export const logBetween = (random: RandomStream, from: number, to: number): number =>
  from * (to / from) ** random.uniform();

/** One of a list, each as often. */
export const oneOf = <T>(random: RandomStream, list: readonly T[]): T => list[random.integer(list.length)];

/** True with this probability. */
export const happens = (random: RandomStream, probability: number): boolean => random.uniform() < probability;
