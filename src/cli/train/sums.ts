// What the sums over ranks cost in a training, for its last line of JSON, and how large their messages are.

import { UserError } from "../../base/errors.js";
import type { Traffic } from "../../ranks/mpi-node.js";
import type { FitResult } from "../../train/fit.js";
import { rounded } from "../session.js";

/** On rank 0, a step. */
export interface Sums {
  /** Bytes that it sent. */
  readonly sumBytesPerStep: number;
  /** From the call to the result; that of one bucket runs while the next is computed. */
  readonly sumMsPerStep: number;
  /** Of these, those in which nothing was left to compute. */
  readonly waitMsPerStep: number;
}

export function sumsBetween(
  from: Traffic,
  to: Traffic,
  { steps, waitedMs }: FitResult,
  firstStep: number,
): Sums {
  const done = Math.max(1, steps - firstStep);
  return {
    sumBytesPerStep: Math.round((to.bytesSent - from.bytesSent) / done),
    sumMsPerStep: rounded(((to.seconds - from.seconds) * 1000) / done, 3),
    waitMsPerStep: rounded(waitedMs / done, 3),
  };
}

/** FOVEA_BUCKET_KB: least kilobytes of gradients in a message, for measurements; 0 sends each parameter's by itself. */
export function bucketBytes(): number | undefined {
  const { FOVEA_BUCKET_KB: text } = process.env;
  if (text === undefined) return undefined;
  const kilobytes = Number(text);
  if (text.trim() === "" || !(kilobytes >= 0))
    throw new UserError(
      `FOVEA_BUCKET_KB is ${text}, which is no number of kilobytes; give for example 1024.`,
    );
  return kilobytes * 1024;
}
