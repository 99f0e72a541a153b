// The pictures that were not enhanced: told when they fail, named once more at the end.

import { UserError } from "../../base/errors.js";
import { explain } from "../errors.js";
import { printJson, say } from "../session.js";
import { named } from "./jobs.js";

export class Failures {
  private readonly files: string[] = [];
  private last: unknown;

  /** @param all pictures that were asked for; what happened to a single one is the command's own error */
  constructor(
    private readonly all: number,
    private readonly json: boolean | undefined,
  ) {}

  add(file: string, error: unknown): void {
    this.files.push(file);
    this.last = error;
    const message = explain(error, "enhance");
    if (this.all > 1) say(message);
    if (this.json) printJson({ file, error: message.replace(/^fovea: /, "") });
  }

  /** Throws what there is to say when anything failed. */
  conclude(): void {
    if (this.files.length === 0) return;
    if (this.all === 1) throw this.last;
    throw new UserError(
      `${this.files.length} of ${this.all} images could not be enhanced: ${named(this.files)}; the messages above say why.`,
    );
  }
}
