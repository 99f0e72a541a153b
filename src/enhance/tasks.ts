// What can be done to a picture, and which bundled network does it.

import type { Channels } from "../image/image.js";

/**
 * "photo": what a phone or a camera leaves. "denoise": Gaussian noise, of a level that is told or estimated. "deblock": blocks and
 * ringing of JPEG. Of photo and deblock the networks see for themselves how much there is.
 */
export const tasks = ["photo", "denoise", "deblock"] as const;
export type Task = (typeof tasks)[number];

/** The bundled network for a picture of so many channels. */
export function bundledFor(task: Task, channels: Channels): string {
  if (task !== "denoise") return task;
  return channels <= 2 ? "denoise-grey" : "denoise-color";
}

/** All that pictures of a task may need. */
export const bundledOf = (task: Task): string[] => [
  ...new Set(([1, 3] as const).map((channels) => bundledFor(task, channels))),
];
