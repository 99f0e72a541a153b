// A nearest-neighbour upsampling by a whole factor next to a convolution becomes the convolution's `upsample` attribute, so that
// the large image is never made:
//   conv2d(resize(z), w)               -> conv2d(z, w, upsample)
//   conv2dWeightGrad(resize(z), dy)    -> conv2dWeightGrad(z, dy, upsample)
//   resizeGrad(conv2dInputGrad(dy, w)) -> conv2dInputGrad(dy, w, upsample)

import type { KernelCall } from "../../backend/backend.js";
import type { Value } from "../../backend/program-types.js";
import {
  inputsOf,
  onlyReader,
  outputsOf,
  type Pass,
  unchangedBetween,
  untilStable,
  type Uses,
} from "../dataflow.js";

/** The factor by which a nearest-neighbour resize enlarges `small` to `large`, if it is one whole number above 1. */
function factor(small: readonly number[], large: readonly number[]): number | undefined {
  const f = large[1] / small[1];
  return Number.isInteger(f) && f > 1 && large[2] === f * small[2] ? f : undefined;
}

export const foldUpsample: Pass = (program) =>
  untilStable(
    program,
    (calls, position, uses) => readSmall(calls, position, uses) ?? writeSmall(calls, position, uses),
  );

function readSmall(
  calls: readonly KernelCall[],
  position: number,
  uses: Map<Value, Uses>,
): KernelCall[] | undefined {
  const call = calls[position];
  if (call.kernel !== "conv2d" && call.kernel !== "conv2dWeightGrad") return undefined;
  const attributes = (call as KernelCall<"conv2d">).attributes;
  const writes = uses.get(inputsOf(call)[0])?.writes;
  if (attributes.groups !== 1 || (attributes.upsample ?? 1) !== 1 || writes?.length !== 1) return undefined;
  const resize = calls[writes[0]] as KernelCall<"resize2d">;
  if (resize.kernel !== "resize2d" || resize.attributes.mode !== "nearest") return undefined;
  const upsample = factor(resize.inputs[0].shape, resize.outputs[0].shape);
  if (!upsample || !unchangedBetween(uses, inputsOf(resize), writes[0], position)) return undefined;
  const folded = {
    ...call,
    inputs: [resize.inputs[0], ...call.inputs.slice(1)],
    attributes: { ...attributes, upsample },
  };
  return calls.map((c, i) => (i === position ? (folded as KernelCall) : c));
}

function writeSmall(
  calls: readonly KernelCall[],
  position: number,
  uses: Map<Value, Uses>,
): KernelCall[] | undefined {
  const call = calls[position] as KernelCall<"conv2dInputGrad">;
  if (call.kernel !== "conv2dInputGrad" || call.attributes.groups !== 1) return undefined;
  if (call.attributes.epilogue || (call.attributes.upsample ?? 1) !== 1) return undefined;
  const reader = onlyReader(uses, outputsOf(call)[0]);
  const shrink = reader === undefined ? undefined : (calls[reader] as KernelCall<"resize2dGrad">);
  if (shrink?.kernel !== "resize2dGrad" || shrink.attributes.mode !== "nearest") return undefined;
  const upsample = factor(shrink.outputs[0].shape, shrink.inputs[0].shape);
  if (!upsample || !unchangedBetween(uses, inputsOf(call), position, reader!)) return undefined;
  const folded = {
    ...call,
    outputs: shrink.outputs,
    attributes: { ...call.attributes, upsample },
  } as KernelCall;
  return calls.flatMap((c, i) => (i === position ? [] : i === reader ? [folded] : [c]));
}
