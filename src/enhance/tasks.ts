// What can be done to a picture, and which bundled network does it.

import type { Channels } from "../image/image.js";

/**
 * "photo": what a phone or a camera leaves, seen by the network itself. "denoise": Gaussian noise, of a level that is told or
 * estimated.
 */
export const tasks = ["photo", "denoise"] as const;
export type Task = (typeof tasks)[number];

/** The bundled network for a picture of so many channels. */
export function bundledFor(task: Task, channels: Channels): string {
  if (task === "photo") return "photo";
  return channels <= 2 ? "denoise-grey" : "denoise-color";
}
