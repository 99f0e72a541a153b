// What a command's run is wrapped in: the backend, opened and closed; messages on stderr and JSON lines on stdout.

import type { Backend } from "../backend/backend.js";
import { useBackend } from "../backend/select.js";
import type { SharedOptions } from "./options.js";

/**
 * Runs `body` on the chosen backend and closes it afterwards, so that the process can end. FOVEA_DEVICE names the GPU, by a part of
 * its name.
 */
export async function withBackend<T>(
  options: SharedOptions,
  body: (backend: Backend) => Promise<T>,
  device = process.env.FOVEA_DEVICE,
): Promise<T> {
  const backend = await useBackend(options.backend, { threads: options.threads, device });
  try {
    return await body(backend);
  } finally {
    await backend.close();
  }
}

/** A message for people, beside the progress. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** A result. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** A result for programs: one object a line. Infinity, which JSON lacks, becomes null. */
export const printJson = (value: Readonly<Record<string, unknown>>): void => print(JSON.stringify(value));

/** Decibels and the like, with as many digits as mean something. */
export const rounded = (value: number, digits = 4): number => Number(value.toFixed(digits));
