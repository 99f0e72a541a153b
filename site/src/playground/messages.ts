// What the playground and the worker that trains say to each other.

import type { Pictures } from "./digits.js";
import type { Settings } from "./settings.js";

export type ToTrainer =
  /** A new network, from its seed; on the pictures that were given last, or on drawn digits. */
  | { readonly begin: Settings; readonly pictures?: Pictures }
  /** Trains until it is told to stop, or so many steps. */
  | { readonly train: number | "on" | "stop" }
  /** The next step, forward and backward, as a trace for the page that walks through it. */
  | { readonly inspect: true }
  /** A code, to be drawn. */
  | { readonly decode: readonly number[] }
  | { readonly save: true };

/** What the network makes of things at the moment. */
export interface View {
  readonly step: number;
  /** Pictures of PIXELS numbers each. */
  readonly inputs: Float32Array;
  readonly outputs: Float32Array;
  /** What each unit of the first layer looks for, and the loss's gradient of that. */
  readonly filters: Float32Array;
  readonly gradients: Float32Array;
  /** `width` numbers a picture. */
  readonly codes: { readonly width: number; readonly values: Float32Array; readonly labels?: Uint8Array };
}

export type FromTrainer =
  | { readonly engine: string }
  /** A network was made; the description of what it is trained on. */
  | { readonly begun: string }
  | { readonly losses: readonly (readonly [step: number, loss: number])[] }
  /** A wish to train is at its end, whether it failed or not. */
  | { readonly stopped: true }
  | { readonly view: View }
  | { readonly trace: string }
  | { readonly decoded: Float32Array }
  | { readonly file: Uint8Array<ArrayBuffer> }
  | { readonly error: string };
