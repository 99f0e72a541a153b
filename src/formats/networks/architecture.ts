// A network that is known by the names of its tensors: each is a file beside this one, which says by which names and how it computes.

import type { StateDict } from "./state-dict.js";
import type { NetworkWriter } from "./writer.js";

export interface Architecture {
  readonly name: string;
  /** Whether the file's names are this network's. */
  isIn(weights: StateDict): boolean;
  /** Its answer depends on where the picture ends, so that pictures cannot be cut. */
  readonly isWhole?: true;
  /** Writes its layers; gives the value that it answers with and that value's channels. */
  write(net: NetworkWriter): { output: string; channels: number };
}
