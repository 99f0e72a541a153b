// The tasks whose networks are blind, as nobody tells them how bad a picture is: what their training pictures are made bad by.

import { degradeDeblock, greyAtTimes } from "./deblock.js";
import type { Degradation } from "./draws.js";
import { degradePhoto, softenPhoto } from "./photo.js";

export interface BlindTask {
  readonly degrade: Degradation;
  /** Done to the clean picture before, so that both have it. */
  readonly soften: Degradation;
  /** What the network learns to take away, in words. */
  readonly damage: string;
}

export const blindTasks = {
  photo: { degrade: degradePhoto, soften: softenPhoto, damage: "a camera's noise and JPEG" },
  deblock: { degrade: degradeDeblock, soften: greyAtTimes, damage: "JPEG of any quality" },
} satisfies Record<string, BlindTask>;

export const blindTaskOf = (task: string): BlindTask | undefined =>
  (blindTasks as Readonly<Record<string, BlindTask>>)[task];
