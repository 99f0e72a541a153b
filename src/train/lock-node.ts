// One training a folder: a file named `lock` in the run's folder says who writes there, so that two trainings never mix their
// weights. One whose owner is gone is taken over.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { UserError } from "../base/errors.js";
import { reasonOf } from "../formats/files.js";

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks, so that another with its number is not taken for it; "" where unknown. */
  readonly began: string;
}

/**
 * Takes the folder; the function that is returned gives it back.
 * @throws UserError when another training has it, or the file cannot be written
 */
export function lockRun(folder: string): () => void {
  const file = path.join(folder, "lock");
  const me: Owner = { pid: process.pid, host: os.hostname(), began: beginOf(process.pid) };
  for (let attempt = 0; !written(file, me); attempt++) {
    const owner = ownerOf(file);
    if (attempt > 2 || (owner && isThere(owner)))
      throw new UserError(
        `Another training (process ${owner?.pid ?? "unknown"} on ${owner?.host ?? "another machine"}) writes into ${folder}; wait for it, or name another folder. If there is none, remove ${file}.`,
      );
    // Moved away first: of two that find it stale, one moves it, and nobody removes the other's new lock.
    const stale = `${file}.${process.pid}`;
    try {
      fs.renameSync(file, stale);
      const moved = ownerOf(stale);
      if (moved && isThere(moved)) fs.linkSync(stale, file);
      fs.rmSync(stale, { force: true });
    } catch {
      // Another was faster: the next attempt sees its lock.
    }
  }
  return () => {
    if (ownerOf(file)?.pid === me.pid) fs.rmSync(file, { force: true });
  };
}

/** Writes the lock whole, where there is none: a link to a file that is complete. */
function written(file: string, owner: Owner): boolean {
  const own = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(own, JSON.stringify(owner));
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new UserError(`Cannot write ${file}: ${reasonOf(error)}`);
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function ownerOf(file: string): Owner | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

/** Of another machine's processes nothing is known: they count as there. */
function isThere({ pid, host, began }: Owner): boolean {
  if (host !== os.hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  // A process that has ended is a zombie until its parent asks: it writes no more.
  return statOf(pid)[0] !== "Z" && (began === "" || beginOf(pid) === began);
}

/** Field 22 of Linux's /proc/PID/stat. */
const beginOf = (pid: number): string => statOf(pid)[19] ?? "";

/** The fields of /proc/PID/stat from the third on: the second, a name, may hold anything but ends with the last parenthesis. */
function statOf(pid: number): string[] {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
