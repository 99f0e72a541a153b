// A run's folder on disk: the checkpoint that training goes on from, the best weights, the log. The train room's one file that
// touches the disk; what a checkpoint holds is checkpoint.ts.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../base/errors.js";
import { readSafetensorsFile, reasonOf, writeFileAtomic, writeSafetensorsFile } from "../formats/files.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";

export interface RunFiles {
  readonly folder: string;
  /** Everything that training needs to go on. */
  readonly checkpoint: string;
  /** Weights alone, of the best validation. */
  readonly best: string;
  /** JSON lines: every step's loss, every validation. */
  readonly log: string;
  /** The run as a page. */
  readonly report: string;
  /** Pictures of the validation over time: step-000100.png. */
  readonly pictures: string;
  /** Weights along the way, with --keep: step-000100.safetensors. */
  readonly steps: string;
}

export function runFiles(folder: string): RunFiles {
  const inside = (name: string) => path.join(folder, name);
  return {
    folder,
    checkpoint: inside("checkpoint.safetensors"),
    best: inside("best.safetensors"),
    log: inside("log.jsonl"),
    report: inside("report.html"),
    pictures: inside("pictures"),
    steps: inside("steps"),
  };
}

/** Makes the run's folder where it is missing, and removes half-written files of processes that are gone. Throws UserError. */
export function openRun(folder: string): RunFiles {
  const files = runFiles(folder);
  try {
    fs.mkdirSync(folder, { recursive: true });
    for (const name of fs.readdirSync(folder)) {
      const pid = /^\.(?:checkpoint\.safetensors|best\.safetensors|log\.jsonl)\.(\d+)\.tmp$/.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) fs.rmSync(path.join(folder, name), { force: true });
    }
  } catch (error) {
    throw new UserError(`Cannot use ${folder} as the run's folder: ${reasonOf(error)}`);
  }
  return files;
}

/** Writes a checkpoint whole or not at all; with `weightsOnly` a model to use, not to train on. Throws UserError. */
export function writeCheckpoint(file: string, checkpoint: Checkpoint, weightsOnly = false): void {
  const { tensors, metadata } = encodeCheckpoint(checkpoint, weightsOnly);
  writeSafetensorsFile(file, tensors, metadata);
}

/** Throws UserError when the file is missing, cut short, no checkpoint, or holds numbers that are not finite. */
export function readCheckpoint(file: string): Checkpoint {
  return decodeCheckpoint(readSafetensorsFile(file), file);
}

/** The file that holds a run's model: the best weights where there are any, else the checkpoint; a file is itself. */
export function modelFileOf(fileOrRun: string): string {
  if (!fs.existsSync(fileOrRun) || !fs.statSync(fileOrRun).isDirectory()) return fileOrRun;
  const { best, checkpoint } = runFiles(fileOrRun);
  const found = [best, checkpoint].find((file) => fs.existsSync(file));
  if (found === undefined)
    throw new UserError(
      `The folder ${fileOrRun} holds no run (neither best.safetensors nor checkpoint.safetensors); name a run's folder or a weights file.`,
    );
  return found;
}

/**
 * The log as lines to add to, from a step on: lines of later steps, which a killed run may have left, are dropped.
 * Throws UserError when it cannot be written.
 */
export class RunLog {
  private readonly handle: number;

  constructor(
    private readonly file: string,
    fromStep: number,
  ) {
    try {
      const kept = fs.existsSync(file) ? linesUpTo(fs.readFileSync(file, "utf8"), fromStep) : [];
      writeFileAtomic(file, kept.map((line) => `${line}\n`).join(""));
      this.handle = fs.openSync(file, "a");
    } catch (error) {
      throw error instanceof UserError ? error : new UserError(`Cannot write ${file}: ${reasonOf(error)}`);
    }
  }

  write(entry: Readonly<Record<string, unknown>>): void {
    try {
      fs.writeSync(this.handle, `${JSON.stringify(entry)}\n`);
    } catch (error) {
      throw new UserError(`Cannot write ${this.file}: ${reasonOf(error)}`);
    }
  }

  close(): void {
    fs.closeSync(this.handle);
  }
}

/** The log's whole lines. */
export function readLog(file: string): { step: number }[] {
  if (!fs.existsSync(file)) return [];
  return linesUpTo(fs.readFileSync(file, "utf8"), Infinity).map(
    (line) => JSON.parse(line) as { step: number },
  );
}

/** A file's name for a step, so that names sort as steps do. */
export const stepName = (step: number, ending: string): string =>
  `step-${String(step).padStart(7, "0")}.${ending}`;

/** Whole lines of steps up to this one. A killed process may have left half a line. */
function linesUpTo(text: string, step: number): string[] {
  return text.split("\n").filter((line) => {
    try {
      return (JSON.parse(line) as { step?: number }).step! <= step;
    } catch {
      return false;
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
