// The ladder of a kernel: what of it is checked against the specification in float64 before it is timed. The check itself is
// inspect/conformance.ts's.

import type { KernelCall } from "../../backend/backend.js";
import type { ConformanceCase } from "../../inspect/conformance-cases.js";
import { makeCase } from "../../inspect/cases/case.js";

/** A workload's call as a case, cut to its first image or to the first 64 rows of a matrix product, to keep the check short. */
export function caseOf(name: string, call: KernelCall): ConformanceCase {
  const isProduct = call.kernel === "matmul";
  const rows = Math.min(64, call.outputs[0].shape[1]);
  const cut = (shape: readonly number[]) => (isProduct ? [1, rows, shape[2]] : [1, ...shape.slice(1)]);
  const isGradOfWeights = call.kernel === "conv2dWeightGrad";
  const inputs = call.inputs.map(({ shape }, i) => (i === 0 || isGradOfWeights ? cut(shape) : shape));
  const [{ shape }] = call.outputs;
  const output = isGradOfWeights ? shape : cut(shape);
  return makeCase(call.kernel, name, inputs, [output], call.attributes);
}
