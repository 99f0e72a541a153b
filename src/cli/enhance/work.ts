// What is done to one picture after the other: read, enhanced, written; and what there is to say of each. Where it is said is the
// caller's: at once, or, over ranks, on rank 0.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../../base/errors.js";
import { reasonOf } from "../../formats/files.js";
import { readImage, writeImage } from "../../image/files.js";
import { describeImage } from "../../image/image.js";
import type { Progress } from "../progress.js";
import { rounded, say } from "../session.js";
import type { Enhancer } from "./enhancers.js";
import type { Job } from "./jobs.js";

/** Of a picture that was enhanced. */
export interface Told {
  /** Lines for people. */
  readonly lines: readonly string[];
  /** The line of JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export class Work {
  constructor(
    private readonly enhancer: Enhancer,
    private readonly stripMetadata: boolean | undefined,
    private readonly signal: AbortSignal,
  ) {}

  async on({ input, output }: Job, progress: Progress): Promise<Told> {
    const { signal, stripMetadata } = this;
    signal.throwIfAborted();
    const image = await readImage(input, { warn: say, signal });
    const started = performance.now();
    const { image: enhanced, remark, warning, fields } = await this.enhancer(image, progress, signal);
    const seconds = (performance.now() - started) / 1000;
    signal.throwIfAborted();
    makeFolder(path.dirname(output));
    await writeImage(output, enhanced, { stripMetadata, signal });
    const line = `${input} (${describeImage(image)})${remark} -> ${output}, ${seconds.toFixed(1)} s`;
    const { width, height, channels, bitDepth } = image;
    return {
      lines: warning === undefined ? [line] : [line, warning],
      fields: { input, output, width, height, channels, bitDepth, seconds: rounded(seconds, 2), ...fields },
    };
  }
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UserError(`Cannot make the folder ${folder}: ${reasonOf(error)}`, { cause: error });
  }
}
