// The formats' one file that touches the disk: whole files in and out, never half of one, with errors that name them.
// What the bytes mean is left to safetensors.ts. The other rooms read and write through this file too.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../base/errors.js";
import { readSafetensors, writeSafetensors, type Safetensors, type TensorToWrite } from "./safetensors.js";

/** The bytes of a file. `kind` ("an image", "a weights file") is for the message. Throws UserError when it cannot be read or is empty. */
export function readFileBytes(file: string, kind: string): Uint8Array {
  try {
    return notEmpty(fs.readFileSync(file), file, kind);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The same without keeping the event loop waiting, for files that may be large. */
export async function readFileBytesAsync(file: string, kind: string): Promise<Uint8Array> {
  try {
    return notEmpty(await fs.promises.readFile(file), file, kind);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function notEmpty(bytes: Uint8Array, file: string, kind: string): Uint8Array {
  if (bytes.length === 0) throw new UserError(`${file} is empty, not ${kind}; get the file again.`);
  return bytes;
}

const unreadable = (file: string, error: unknown): UserError =>
  error instanceof UserError ? error : new UserError(`Cannot read ${file}: ${reasonOf(error)}`);

/**
 * Writes a file whole or not at all: into a hidden file beside it, flushed to the disk, then renamed. A process killed
 * at any moment leaves the old file or the new one. A file that is replaced keeps its permissions. A symbolic link stays one; what
 * it points to is written. Throws UserError, leaving nothing behind, when it cannot be written.
 */
export function writeFileAtomic(file: string, bytes: Uint8Array | string): void {
  const { target, temporary } = placesFor(file);
  try {
    const mode = modeOfOld(target);
    const handle = fs.openSync(temporary, "w");
    try {
      if (mode !== undefined) fs.fchmodSync(handle, mode);
      fs.writeFileSync(handle, bytes);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, target);
  } catch (error) {
    removeIfThere(temporary);
    throw new UserError(`Cannot write ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * The same without keeping the event loop waiting, a part after the other while they are being made. What the parts throw is
 * thrown as it is.
 */
export async function writePartsAtomic(
  file: string,
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const { target, temporary } = placesFor(file);
  const written = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw new UserError(`Cannot write ${file}: ${reasonOf(error)}`, { cause: error });
    });
  try {
    const handle = await written(openLike(target, temporary));
    try {
      for await (const part of parts) await written(handle.writeFile(part));
      await written(handle.sync());
    } finally {
      await handle.close();
    }
    await written(fs.promises.rename(temporary, target));
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}

async function openLike(target: string, temporary: string): Promise<fs.promises.FileHandle> {
  const mode = modeOfOld(target);
  const handle = await fs.promises.open(temporary, "w");
  if (mode !== undefined) await handle.chmod(mode);
  return handle;
}

let temporaries = 0;

function placesFor(file: string): { target: string; temporary: string } {
  const target = fs.existsSync(file) ? fs.realpathSync(file) : file;
  // Cut to 50 characters, so that the longest name a disk allows has room for a temporary one.
  const name = [...path.basename(target)].slice(0, 50).join("");
  const temporary = path.join(path.dirname(target), `.${name}.${process.pid}-${++temporaries}.tmp`);
  return { target, temporary };
}

/** The permissions of the file that is to be replaced, if there is one. */
function modeOfOld(target: string): number | undefined {
  const old = fs.statSync(target, { throwIfNoEntry: false });
  if (old && !old.isFile() && !old.isDirectory()) throw new Error("it is no ordinary file");
  return old && old.mode & 0o7777;
}

/** Did writing fail for a reason that every other file on that disk would meet, too? */
export function isDiskFault(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return ["ENOSPC", "EDQUOT", "EROFS", "EIO"].includes(code ?? "");
}

function removeIfThere(file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // It never came to be; the error that matters is the first one.
  }
}

/** Reads a safetensors file whole. Throws UserError when it cannot be read or is not sound. */
export function readSafetensorsFile(file: string): Safetensors {
  return readSafetensors(readFileBytes(file, "a weights file"), file);
}

/** Writes tensors and metadata, atomically. Throws UserError when the file cannot be written. */
export function writeSafetensorsFile(
  file: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: "F32" | "F16" = "F32",
): void {
  writeFileAtomic(file, writeSafetensors(tensors, metadata, dtype));
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or folder; check the path.",
  ENOTDIR: "a part of the path is a file, not a folder; check the path.",
  EISDIR: "it is a folder; name a file.",
  ENOTEMPTY: "it is a folder; name a file.",
  EACCES: "permission denied; change the permissions or choose another place.",
  EPERM: "not permitted; change the permissions or choose another place.",
  EROFS: "the disk is read-only; choose another place.",
  ENOSPC: "the disk is full; free some space or choose another place.",
  EDQUOT: "the disk quota is used up; free some space or choose another place.",
  ENAMETOOLONG: "the name is too long; choose a shorter one.",
  EEXIST: "something of that name is in the way; choose another name.",
  ELOOP: "its links lead in a circle; mend them.",
  EBUSY: "another program is using it; close that first.",
  EIO: "the disk reports a fault; check the disk.",
  ENXIO: "it is no ordinary file; name one.",
  ESTALE: "the network disk has lost it; try again.",
  ENFILE: "too many files are open on this machine; close some.",
  ENOMEM: "the memory is used up; close other programs.",
  EMFILE: "too many files are open; close some or raise the limit (ulimit -n).",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB; give a smaller file.",
};

/** What Node puts in the place of a name's bytes that are not UTF-8, so that no file of that name is found. */
const notUtf8 = "\ufffd";

/** What a failed file operation means and what to do about it, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" && path?.includes(notUtf8)) return "its name is not UTF-8; rename it.";
  return (
    REASONS[code ?? ""] ?? `${code === undefined ? message : `the system says ${code}`}; check the path.`
  );
}
