// Is there room for a picture? Asked before it is decoded, as what cannot be had ends the whole process without a word.

import { UserError } from "../base/errors.js";

/** Pixels as they were and as they become, both whole. */
const copies = 2;

/**
 * @param bytes that the decoded picture takes
 * @param more that decoding it takes beside
 * @throws UserError when the machine, or what this process may use of it, has less
 */
export function checkMemory(
  { width, height }: { readonly width: number; readonly height: number },
  bytes: number,
  source: string,
  more = 0,
): void {
  const [needed, free] = [copies * bytes + more, process.availableMemory()];
  if (needed <= free) return;
  throw new UserError(
    `${source} claims ${width}x${height} pixels, which take ${megabytes(needed)} MB of memory where ${megabytes(free)} MB are free; cut the image into parts or free some.`,
  );
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
