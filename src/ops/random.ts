// Random numbers that depend only on a seed and a counter, so that every backend draws the same and a resumed run repeats them.
// They have no gradient.

import { checkCount, checkOptions } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { checkShape, show, sizeOf, type Shape } from "../tensor/shape.js";
import { run, tensor, type Tensor } from "../tensor/tensor.js";
import { add } from "./binary.js";
import { expectTensor } from "./expect.js";
import { slice } from "./move.js";
import { reshape } from "./reshape.js";

/**
 * A counter for random draws: [0, 0, low, high] 16-bit limbs, so that draws within a step count in the low 32 bits and `step` is
 * the high 32. A training loop makes one, hands it to every layer that draws, and writes the next step into it.
 */
export const counterLimbs = (step: number): number[] => [
  0,
  0,
  step % 65536,
  Math.floor(step / 65536) % 65536,
];

/** Rows of a batch that is dealt out to several processes. */
export interface RowsOfBatch {
  /** The first of them, and how many they are. */
  readonly first: number;
  readonly count: number;
}

const rowsOfCounter = new WeakMap<Tensor, RowsOfBatch>();

/**
 * A counter for a process that holds some rows of a batch: what is drawn with it for so many rows are those rows of what one
 * process would draw for the whole batch. Draws whose first axis is of another length are the same on all.
 */
export function counterOfRows(counter: Tensor, rows: RowsOfBatch): Tensor {
  rowsOfCounter.set(counter, rows);
  return counter;
}

/** Which numbers are drawn: they depend on nothing but the seed and the counter. */
export interface RandomOptions {
  /** Which sequence (a whole number below 2^53). */
  seed: number;
  /** Where in it: a counter tensor of shape [4] (see counterLimbs) or a step (default 0). */
  counter?: Tensor | number;
}

function draw(distribution: "uniform" | "normal", shape: Shape, options: RandomOptions): Tensor {
  const name = distribution === "uniform" ? "randomUniform" : "randomNormal";
  checkShape(name, shape);
  checkOptions(name, options, { seed: true, counter: true });
  const { seed, counter = 0 } = options;
  checkCount(name, "the seed", seed, 0);
  if (typeof counter === "number") checkCount(name, "the counter", counter, 0);
  else {
    expectTensor(name, counter);
    if (counter.size !== 4 || counter.rank !== 1)
      throw new UserError(`${name}: the counter has the shape [4], not ${show(counter.shape)}.`);
  }
  const limbs = typeof counter === "number" ? tensor(counterLimbs(counter)) : counter;
  const rows = rowsOfCounter.get(limbs);
  if (!rows || shape[0] !== rows.count) return run("random", [limbs], shape, { distribution, seed });
  // Element i of a draw is number i % 4 of the block that `counter + floor(i / 4)` gives: begin at the block of the first row.
  const size = sizeOf(shape);
  const from = rows.first * (size / rows.count);
  const [block, skipped] = [Math.floor(from / 4), from % 4];
  const begin = add(limbs, tensor([block % 65536, Math.floor(block / 65536), 0, 0]));
  const drawn = run("random", [begin], [skipped + size], { distribution, seed });
  return reshape(skipped === 0 ? drawn : slice(drawn, [skipped], [size]), shape);
}

/** Uniform numbers of this shape, in [0, 1), multiples of 2^-24. */
export const randomUniform = (shape: Shape, options: RandomOptions): Tensor =>
  draw("uniform", shape, options);

/** Standard normal numbers of this shape, by Box and Muller. */
export const randomNormal = (shape: Shape, options: RandomOptions): Tensor => draw("normal", shape, options);
