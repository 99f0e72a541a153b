// Ranks: several processes, on one machine or many, that do one job together. What they can do with each other is said here; MPI
// does it (mpi-node.ts). A process that nobody launched with others is `alone`, and costs nothing.

import { UserError } from "../base/errors.js";

/** The processes that work together on one training or one folder; joinRanks() gives them. */
export interface Ranks {
  /** This one, from 0. Rank 0 reads and writes the run's files and speaks to the user. */
  readonly rank: number;
  readonly size: number;
  /**
   * Sums over all ranks, in place, added in the order of the ranks and rounded once, so that every rank holds the same bits, and any
   * run of so many ranks does. All ranks must ask for their sums in one order.
   */
  allReduce(values: Float32Array): Promise<void>;
  /** Rank 0's bytes, in place; every rank gives an array of the same length. */
  broadcast(bytes: Uint8Array): Promise<void>;
  /** Every rank's bytes, of whatever lengths, by rank. */
  gather(bytes: Uint8Array): Promise<Uint8Array[]>;
  /** A message to one rank; resolves when it is on its way. */
  send(to: number, message: unknown): Promise<void>;
  /** The next message to this rank, from whichever. */
  receive(): Promise<{ readonly from: number; readonly message: unknown }>;
  /** Where a rank runs, for messages: "rank 1 on node7". */
  name(rank: number): string;
}

const nobody = (): never => {
  throw new Error("A process without other ranks sends no messages.");
};

/** One process by itself. */
export const alone: Ranks = {
  rank: 0,
  size: 1,
  allReduce: async () => undefined,
  broadcast: async () => undefined,
  gather: async (bytes) => [bytes],
  send: nobody,
  receive: nobody,
  name: () => "rank 0",
};

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value ?? null));
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

/** Every rank's value (plain JSON), by rank. */
export async function gatherJson<T>(ranks: Ranks, value: T): Promise<T[]> {
  return (await ranks.gather(encode(value))).map((bytes) => decode(bytes) as T);
}

/** Rank 0's value (plain JSON) on every rank; what others give is not looked at. */
export async function fromFirst<T>(ranks: Ranks, value: T | undefined): Promise<T> {
  if (ranks.size === 1) return value as T;
  const [first] = await ranks.gather(ranks.rank === 0 ? encode(value) : new Uint8Array());
  return decode(first) as T;
}

/** Something failed on a rank, and all ranks know: they can end in order. */
export class FailedTogether extends Error {
  override name = "FailedTogether";
  /** @param told what this rank has to say; nothing where rank 0 says it */
  constructor(readonly told: unknown) {
    super("A rank failed.");
  }
}

/**
 * Runs a step that every rank takes for itself and that may fail on some: it fails on all then.
 * @throws FailedTogether on every rank; on rank 0 with what went wrong
 */
export async function together<T>(ranks: Ranks, step: () => T | Promise<T>): Promise<T> {
  if (ranks.size === 1) return step();
  let value: T | undefined;
  let own: unknown;
  let message = "";
  try {
    value = await step();
  } catch (error) {
    own = error;
    message = error instanceof Error ? error.message : String(error);
  }
  const messages = await gatherJson(ranks, message);
  const failed = messages.flatMap((text, rank) => (text === "" ? [] : [rank]));
  if (failed.length === 0) return value as T;
  if (ranks.rank > 0) throw new FailedTogether(undefined);
  if (failed[0] === 0) throw new FailedTogether(own);
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : "";
  throw new FailedTogether(new UserError(`${ranks.name(failed[0])}${more}: ${messages[failed[0]]}`));
}

/**
 * Compares what must be alike on all ranks, such as versions.
 * @throws UserError that names the first difference
 */
export async function expectAlike(ranks: Ranks, facts: Readonly<Record<string, string>>): Promise<void> {
  const all = await gatherJson(ranks, facts);
  await together(ranks, () => {
    for (const [what, first] of Object.entries(all[0]))
      for (const [rank, { [what]: here = "none" }] of all.entries())
        if (here !== first)
          throw new UserError(
            `Ranks differ in their ${what}: ${ranks.name(0)} has ${first}, ${ranks.name(rank)} has ${here}; start all of them alike.`,
          );
  });
}
