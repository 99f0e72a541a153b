// Pictures dealt out to ranks, the largest first: whoever is free is given the next, so that none waits for another, and each is
// done once. Rank 0 deals, works itself, and tells what became of every picture.

import { UnsoundResult } from "../../enhance/audit.js";
import { UserError } from "../../base/errors.js";
import { isDiskFault } from "../../formats/files.js";
import type { Ranks } from "../../ranks/ranks.js";
import { explain } from "../errors.js";
import { Interrupted } from "../interrupt.js";
import { type Progress, showProgress } from "../progress.js";
import { printJson, say } from "../session.js";
import type { Failures } from "./failures.js";
import { type Job, sizeOf } from "./jobs.js";
import type { Told, Work } from "./work.js";

type Outcome = Told | { readonly error: string; readonly isDiskFault: boolean };

/** From a rank to rank 0: what became of the last picture, and that it is free. From rank 0: the number of the next. */
interface Free {
  readonly done?: { readonly index: number; readonly outcome: Outcome };
}
interface Next {
  readonly index: number | null;
}

export const largestFirst = (jobs: readonly Job[]): Job[] =>
  jobs
    .map((job) => ({ job, size: sizeOf(job.input) }))
    .sort((a, b) => b.size - a.size)
    .map(({ job }) => job);

/** @param jobs the same on all ranks, in the order in which they are dealt */
export async function enhanceOverRanks(
  jobs: readonly Job[],
  work: Work,
  failed: Failures,
  ranks: Ranks,
  json: boolean | undefined,
): Promise<void> {
  const enhance = (index: number) => outcomeOf(jobs[index], work);
  if (ranks.rank > 0) return takeFrom(ranks, enhance);
  const progress = showProgress("enhance");
  let told = 0;
  const tell = (index: number, outcome: Outcome, rank: number): boolean => {
    progress.update(++told / jobs.length, `${told} of ${jobs.length} pictures`);
    const { input } = jobs[index];
    if ("error" in outcome) failed.add(input, new UserError(outcome.error));
    else {
      for (const line of outcome.lines) progress.note(line);
      if (json) printJson({ ...outcome.fields, rank });
    }
    return !("error" in outcome && outcome.isDiskFault);
  };
  try {
    const left = await deal(ranks, jobs.length, enhance, tell);
    for (const index of left)
      failed.add(
        jobs[index].input,
        new UserError(`${jobs[index].input} was not tried, as the disk cannot be written to.`),
      );
  } finally {
    progress.stop();
  }
}

/** What becomes of a picture, as something that can be sent. Throws what ends the whole command. */
async function outcomeOf(job: Job, work: Work): Promise<Outcome> {
  try {
    return await work.on(job, silent);
  } catch (error) {
    if (error instanceof Interrupted || (error instanceof Error && error.name === "DeviceLostError"))
      throw error;
    const told = error instanceof UnsoundResult ? error.about(job.input) : error;
    return { error: explain(told, "enhance").replace(/^fovea: /, ""), isDiskFault: isDiskFault(error) };
  }
}

const silent: Progress = { update: () => undefined, note: say, stop: () => undefined };

/** A rank that is given pictures until there are none. */
async function takeFrom(ranks: Ranks, enhance: (index: number) => Promise<Outcome>): Promise<void> {
  let free: Free = {};
  for (;;) {
    await ranks.send(0, free);
    const { index } = (await ranks.receive()).message as Next;
    if (index === null) return;
    free = { done: { index, outcome: await enhance(index) } };
  }
}

/**
 * Deals numbers below `count`, and does those that fall to rank 0 itself.
 * @param tell returns false to end the dealing
 * @returns the numbers that nobody was given
 */
async function deal(
  ranks: Ranks,
  count: number,
  enhance: (index: number) => Promise<Outcome>,
  tell: (index: number, outcome: Outcome, rank: number) => boolean,
): Promise<number[]> {
  let next = 0;
  let end = count;
  const take = (): number | null => (next < end ? next++ : null);
  const heard = (index: number, outcome: Outcome, rank: number): void => {
    if (!tell(index, outcome, rank)) end = Math.min(end, next);
  };
  const serve = async (): Promise<void> => {
    for (let working = ranks.size - 1; working > 0;) {
      const { from, message } = await ranks.receive();
      const { done } = message as Free;
      if (done) heard(done.index, done.outcome, from);
      const index = take();
      if (index === null) working--;
      await ranks.send(from, { index } satisfies Next);
    }
  };
  const workToo = async (): Promise<void> => {
    for (let index = take(); index !== null; index = take()) heard(index, await enhance(index), 0);
  };
  await Promise.all([serve(), workToo()]);
  return Array.from({ length: count - next }, (_, i) => next + i);
}
