// What `fovea enhance` is to do: each input with its output, checked before anything is computed, so that no result replaces a
// picture that was not meant, and no folder turns out to be closed after the work is done.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../../base/errors.js";
import { reasonOf } from "../../formats/files.js";
import { imageFormatOf, isImageName, resultName } from "../../image/files.js";
import { type Failure, identity, type Input, type Inputs, inputsFrom, isFolder, statOf } from "./inputs.js";

export interface Job {
  readonly input: string;
  readonly output: string;
}

export interface Plan {
  readonly jobs: readonly Job[];
  /** Inputs that cannot be done; the jobs are done all the same. */
  readonly failures: readonly Failure[];
  /** What was left out, in sentences. */
  readonly notes: readonly string[];
}

export interface PlanOptions {
  /** A file, or a folder. */
  readonly output?: string;
  readonly recursive?: boolean;
  /** Results may replace files that are there. */
  readonly force?: boolean;
  /** Inputs whose results are there are left out; without it they are failures. */
  readonly skipExisting?: boolean;
}

/** Throws UserError where the whole is not what anyone can mean: outputs over inputs, two results of one name, a closed folder. */
export async function planFor(args: readonly string[], options: PlanOptions): Promise<Plan> {
  const { output, recursive, force, skipExisting } = options;
  const except = output !== undefined && isFolder(output) ? fs.realpathSync(output) : undefined;
  const inputs = await inputsFrom(args, { recursive, except });
  const toFolder = output !== undefined && (inputs.several || isFolder(output) || /[/\\]$/.test(output));
  if (output !== undefined && !toFolder) imageFormatOf(output);
  const all = inputs.files.map((input) => ({
    input: input.file,
    output: outputFor(input, output, toFolder),
  }));
  refuseClashes(all);
  for (const folder of new Set(all.map((job) => path.dirname(job.output)))) checkFolder(folder, toFolder);
  const failures = [...inputs.failures];
  const jobs = all.filter((job) => {
    const there = statOf(job.output);
    if (force || there instanceof Error || !there.isFile()) return true;
    if (skipExisting) return false;
    const error = `${job.output} exists already; add --force to replace it, or give another place with -o.`;
    failures.push({ file: job.input, error });
    return false;
  });
  const notes = notesOn(inputs, all.length + failures.length === 0);
  const skipped = all.length + inputs.failures.length - jobs.length - failures.length;
  if (skipped > 0) notes.push(`Left out, as their results are there already: ${skipped} of ${all.length}.`);
  return { jobs, failures, notes };
}

function outputFor({ file, below }: Input, output: string | undefined, toFolder: boolean): string {
  const { dir, name } = path.parse(file);
  const ending = isImageName(file) ? path.extname(file) : ".png";
  if (output === undefined) return path.join(dir, resultName(name, ending));
  return toFolder ? path.join(output, below, `${name}${ending}`) : output;
}

function refuseClashes(jobs: readonly Job[]): void {
  const writers = new Map<string, string>();
  const readers = new Map(jobs.map((job) => [identity(job.input), job.input]));
  for (const { input, output } of jobs) {
    const read = readers.get(identity(output));
    if (read !== undefined)
      throw new UserError(
        read === input
          ? `The result would overwrite the input ${input}; choose another name or folder with -o.`
          : `The result of ${input} would overwrite ${read}, which is an input too; choose another folder with -o.`,
      );
    const other = writers.get(path.resolve(output));
    if (other !== undefined)
      throw new UserError(
        `${other} and ${input} would both be written to ${output}; enhance them one by one, or give their folder with --recursive.`,
      );
    writers.set(path.resolve(output), input);
  }
}

/** Writes and removes a few bytes where results will lie: the only proof that one can, full and read-only disks included. */
function checkFolder(folder: string, mayBeMade: boolean): void {
  let place = folder;
  while (mayBeMade && !fs.existsSync(place) && path.dirname(place) !== place) place = path.dirname(place);
  if (!fs.existsSync(place))
    throw new UserError(`Cannot write into ${folder}: there is no such folder; make it first.`);
  if (!isFolder(place)) throw new UserError(`Cannot write into ${folder}: ${place} is a file, not a folder.`);
  const probe = path.join(place, `.fovea.${process.pid}.tmp`);
  try {
    const handle = fs.openSync(probe, "w");
    try {
      fs.writeSync(handle, new Uint8Array(4096));
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    throw new UserError(`Cannot write into the folder ${folder}: ${reasonOf(error)}`);
  } finally {
    fs.rmSync(probe, { force: true });
  }
}

function notesOn({ results, passedOver }: Inputs, nothingElse: boolean): string[] {
  const notes: string[] = [];
  if (nothingElse && results.length > 0)
    throw new UserError(
      `${named(results)}: results of fovea enhance are not enhanced again; rename them if that is wanted.`,
    );
  if (results.length > 0) notes.push(`Left out as results of fovea enhance: ${named(results)}.`);
  if (passedOver.length > 0)
    notes.push(
      `Passed over, as Fovea does not read their kinds: ${named(passedOver)}; export them as PNG, JPEG or TIFF.`,
    );
  return notes;
}

/** Bytes of a file; 0 for one that is gone. */
export function sizeOf(file: string): number {
  const stat = statOf(file);
  return stat instanceof Error ? 0 : stat.size;
}

/** The first few of them, and how many more. */
export function named(files: readonly string[], most = 10): string {
  const more = files.length - most;
  return files.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
