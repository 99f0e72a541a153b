// Which pictures `fovea eval` measures on: a folder, a file or a pattern of clean ones, with their bad counterparts where those are
// files too. Reading them is eval.ts's.

import fs from "node:fs";
import { glob, isDynamicPattern } from "tinyglobby";
import { UserError } from "../../base/errors.js";
import { listImages } from "../../image/files.js";

/** The images of a folder, of a pattern such as 'photos/*_mean.JPG' (in natural order), or the one that is named. Throws UserError. */
export async function imagesOf(where: string): Promise<string[]> {
  if (fs.existsSync(where) || !isDynamicPattern(where)) return listImages(where);
  const found = await glob(where, { absolute: false, onlyFiles: true });
  if (found.length === 0)
    throw new UserError(`The pattern ${where} matches no files; check it, and quote it for the shell.`);
  const order = new Intl.Collator("en", { numeric: true });
  return found.sort((a, b) => order.compare(a, b) || (a < b ? -1 : 1));
}

export interface Pair {
  readonly clean: string;
  /** Undefined: noise is added to the clean one. */
  readonly input?: string;
}

/** @throws UserError when there are not as many bad pictures as clean ones */
export async function pairsOf(data: string, input: string | undefined, limit?: number): Promise<Pair[]> {
  const clean = await imagesOf(data);
  if (input === undefined) return clean.slice(0, limit).map((file) => ({ clean: file }));
  const bad = await imagesOf(input);
  if (bad.length !== clean.length)
    throw new UserError(
      `--input ${input} gives ${bad.length} images and --data ${data} ${clean.length}; they are paired in the order of their names, so give equally many.`,
    );
  return clean.slice(0, limit).map((file, i) => ({ clean: file, input: bad[i] }));
}
