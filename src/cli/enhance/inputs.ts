// Which files the arguments of `fovea enhance` mean: files, folders, patterns. Results of earlier runs are left out, however they
// are named; what cannot be read is reported with the others' results, not instead of them.

import fs from "node:fs";
import path from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { reasonOf } from "../../formats/files.js";
import { isImageName, isResultName } from "../../image/files.js";

export interface Input {
  readonly file: string;
  /** Where it lies below the folder that was given; "" for files that were named themselves. */
  readonly below: string;
}

export interface Failure {
  readonly file: string;
  /** One sentence. */
  readonly error: string;
}

export interface Inputs {
  readonly files: readonly Input[];
  readonly failures: readonly Failure[];
  /** Pictures of kinds that Fovea does not read, in the folders that were given. */
  readonly passedOver: readonly string[];
  readonly results: readonly string[];
  /** More than one file could have been meant, so that an output is a folder. */
  readonly several: boolean;
}

/** Pictures that a folder may hold and that are not read; anything else there is no picture. */
const otherPictures = new Set(
  (
    "apng arw bmp cr2 cr3 dng exr gif hdr heic heif hif ico iiq j2k jp2 jxl " +
    "nef orf pbm pef pgm pnm ppm psd qoi raf rw2 srw svg tga"
  )
    .split(" ")
    .map((ending) => `.${ending}`),
);

/**
 * @param recursive folders with all that is below them
 * @param except a subfolder that is not looked into: where the results go
 */
export async function inputsFrom(
  args: readonly string[],
  { recursive = false, except }: { recursive?: boolean; except?: string } = {},
): Promise<Inputs> {
  const files: Input[] = [];
  const [failures, passedOver, results] = [[] as Failure[], [] as string[], [] as string[]];
  const walk = new Walk(recursive, except);
  let several = args.length > 1;
  for (const arg of args) {
    const stat = statOf(arg);
    if (stat instanceof Error) {
      if (!isDynamicPattern(arg)) {
        failures.push({ file: arg, error: `Cannot read ${arg}: ${reasonOf(stat)}` });
        continue;
      }
      several = true;
      const found = await glob(arg, { onlyFiles: true, expandDirectories: false });
      const images = found.filter((file) => isImageName(file) && !isResultName(file));
      results.push(...found.filter(isResultName));
      files.push(...inOrder(images).map((file) => ({ file, below: "" })));
      if (images.length === 0)
        failures.push({
          file: arg,
          error: `The pattern ${arg} matches no images; check it, and quote it for the shell.`,
        });
    } else if (stat.isDirectory()) {
      several = true;
      const before = [files.length, results.length];
      const unread = walk.into(arg, "", { files, failures, passedOver, results });
      if (!unread && files.length === before[0])
        failures.push({
          file: arg,
          error:
            results.length > before[1]
              ? `The folder ${arg} has no images but results of fovea enhance; give another.`
              : `The folder ${arg} has no images that Fovea reads${recursive ? "" : " (--recursive looks into its subfolders too)"}; give one that has.`,
        });
    } else if (isResultName(arg)) results.push(arg);
    else files.push({ file: arg, below: "" });
  }
  return { files: withoutDoubles(files), failures, passedOver, results, several };
}

type Lists = { files: Input[]; failures: Failure[]; passedOver: string[]; results: string[] };

class Walk {
  /** Folders that were seen, so that links in a circle end. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly recursive: boolean,
    private readonly except: string | undefined,
  ) {}

  /** Adds what a folder holds to the lists. True when the folder itself could not be read. */
  into(folder: string, below: string, lists: Lists): boolean {
    let names: string[];
    try {
      const real = fs.realpathSync(folder);
      if (this.seen.has(real) || (below !== "" && real === this.except)) return true;
      this.seen.add(real);
      names = fs.readdirSync(folder);
    } catch (error) {
      lists.failures.push({ file: folder, error: `Cannot read ${folder}: ${reasonOf(error)}` });
      return true;
    }
    const subfolders: string[] = [];
    for (const name of inOrder(names)) {
      if (name.startsWith(".")) continue;
      const file = path.join(folder, name);
      const isPicture = isImageName(name);
      if (this.recursive && isFolder(file)) subfolders.push(name);
      else if (isPicture && isFolder(file)) continue;
      else if (isPicture && isResultName(name)) lists.results.push(file);
      else if (isPicture) lists.files.push({ file, below });
      else if (otherPictures.has(path.extname(name).toLowerCase())) lists.passedOver.push(file);
    }
    for (const name of subfolders) this.into(path.join(folder, name), path.join(below, name), lists);
    return false;
  }
}

/** The first of those that are one file under several names. */
function withoutDoubles(files: readonly Input[]): Input[] {
  const known = new Set<string>();
  return files.filter(({ file }) => {
    const key = identity(file);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

export function statOf(file: string): fs.Stats | Error {
  try {
    return fs.statSync(file);
  } catch (error) {
    return error as Error;
  }
}

export const isFolder = (file: string): boolean => {
  const stat = statOf(file);
  return !(stat instanceof Error) && stat.isDirectory();
};

/** What a path leads to: a file that is there by its number, links followed, else the path. */
export function identity(file: string): string {
  const stat = statOf(file);
  return stat instanceof Error ? path.resolve(file) : `${stat.dev}:${stat.ino}`;
}

/** 2 before 10; names that differ only in what the collator ignores still have one order on every machine. */
const collator = new Intl.Collator("en", { numeric: true });
const inOrder = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => collator.compare(a, b) || (a < b ? -1 : 1));
