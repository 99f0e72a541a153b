// What writes an operation of a trace as nodes of ONNX: for each kernel one function.

import type { KernelCall } from "../../../backend/call.js";
import type { KernelName } from "../../../backend/kernels.js";
import type { TapeNode } from "../../../tensor/tape.js";
import type { Exporter } from "./exporter.js";

/** One node of a trace, and its twin in the other. */
export interface Step {
  readonly node: TapeNode;
  readonly twin: TapeNode;
  readonly call: KernelCall;
}

/** Gives the name of the value. */
export type Writer<K extends KernelName> = (
  e: Exporter,
  step: Step,
  attributes: KernelCall<K>["attributes"],
) => string;
