// How a command is stopped from outside: Ctrl-C, a polite kill, a closed terminal, a reader that has read enough. The work ends in
// order at the next step, and the exit code is the one that shells expect of each: 128 and the signal's number.

import os from "node:os";
import { launchedBy } from "../ranks/launcher-node.js";

/** Why a command stopped before its end. */
export class Interrupted extends Error {
  override name = "Interrupted";
  constructor(
    message: string,
    readonly exitCode: number = 130,
  ) {
    super(message);
  }

  /** The same with another message: what was saved, and how to go on. */
  saying(message: string): Interrupted {
    return new Interrupted(message, this.exitCode);
  }
}

const codeOf = (signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGPIPE"): number =>
  128 + os.constants.signals[signal];
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

let running: AbortController | undefined;

/**
 * Runs `body` with a signal that is set off from outside, so that it can stop in order; a second Ctrl-C ends the process at once.
 * Files are written whole or not at all, so nothing half-made is left either way.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  running = controller;
  let first: string | undefined;
  const stop = (name: (typeof signals)[number]) => {
    // mpirun sends SIGTERM to ranks that the terminal's Ctrl-C has reached, too: that is one wish, not two.
    const isOneWish = first !== undefined && first !== name && launchedBy(process.env) !== undefined;
    if (controller.signal.aborted && !isOneWish) process.exit(codeOf(name));
    first ??= name;
    if (!controller.signal.aborted)
      controller.abort(new Interrupted("interrupted; nothing half-written was left behind.", codeOf(name)));
  };
  for (const name of signals) process.on(name, stop);
  try {
    return await body(controller.signal);
  } finally {
    for (const name of signals) process.off(name, stop);
    running = undefined;
  }
}

/** Nobody reads what is printed any more: the command stops in order, and without a word. */
export function pipeClosed(): void {
  const code = codeOf("SIGPIPE");
  if (!running) process.exit(code);
  if (!running.signal.aborted) running.abort(new Interrupted("", code));
}
