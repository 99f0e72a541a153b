// What follows a product moves into its epilogue, so that the product's result is written once, finished:
//   y = product;  y + bias [channels];  + residual [like y];  activation;  * activation'(saved)
// Each step is folded only if it comes in that order and nobody else reads the value in between. The product moves to where its
// follower stood, so the follower's other operands are ready.

import type { KernelCall, Operand } from "../../backend/backend.js";
import { epilogueOperands, type Epilogue, type EpilogueActivation, sizeOf } from "../../backend/kernels.js";
import type { Value } from "../../backend/program-types.js";
import { inputsOf, onlyReader, outputsOf, type Pass, unchangedBetween, untilStable } from "../dataflow.js";

type Product = KernelCall<"matmul" | "conv2d" | "conv2dInputGrad">;
const foldable: ReadonlySet<string> = new Set<EpilogueActivation>(["relu", "leakyRelu", "sigmoid", "tanh"]);

const isProduct = (call: KernelCall): call is Product =>
  call.kernel === "matmul" || call.kernel === "conv2d" || call.kernel === "conv2dInputGrad";

export const foldEpilogue: Pass = (program) =>
  untilStable(program, (calls, position, uses) => {
    const product = calls[position];
    if (!isProduct(product)) return undefined;
    const result = outputsOf(product)[0];
    const reader = onlyReader(uses, result);
    if (reader === undefined || !unchangedBetween(uses, inputsOf(product), position, reader))
      return undefined;
    const folded = absorb(product, calls[reader], result);
    return folded && calls.flatMap((c, i) => (i === position ? [] : i === reader ? [folded] : [c]));
  });

/** The product with its follower's work in the epilogue, or undefined where that does not fit. */
function absorb(product: Product, follower: KernelCall, result: Value): KernelCall | undefined {
  const epilogue = product.attributes.epilogue ?? {};
  const operands = epilogueOperands(product);
  const rebuild = (change: Epilogue, added: Partial<typeof operands>): KernelCall => {
    const { bias, residual, saved } = { ...operands, ...added };
    const shape = product.outputs[0].shape; // a reshape between the two shares its storage, and is no call
    const alike = (operand: Operand | undefined) => operand && { storage: operand.storage, shape };
    return {
      ...product,
      inputs: [...product.inputs.slice(0, 2), bias, alike(residual), alike(saved)].filter(
        (o) => o !== undefined,
      ),
      outputs: [{ storage: follower.outputs[0].storage, shape }],
      attributes: { ...product.attributes, epilogue: { ...epilogue, ...change } },
    } as KernelCall;
  };
  const untouched = epilogue.activation === undefined && epilogue.gradientOf === undefined;

  if (follower.kernel === "binary" && (follower as KernelCall<"binary">).attributes.function === "add") {
    const other = follower.inputs[follower.inputs[0].storage === result ? 1 : 0];
    if (!untouched || other.storage === result || sizeOf(follower.outputs[0].shape) !== result.length)
      return undefined;
    const isBias = [product, follower].every((call) => isChannelVector(other, call.outputs[0]));
    if (isBias && !epilogue.bias && !epilogue.residual)
      return rebuild({ bias: true }, { bias: { storage: other.storage, shape: [sizeOf(other.shape)] } });
    if (sizeOf(other.shape) === result.length && !epilogue.residual)
      return rebuild({ residual: true }, { residual: other });
    return undefined;
  }
  if (follower.kernel === "unary" && untouched) {
    const { function: activation, alpha } = (follower as KernelCall<"unary">).attributes;
    return foldable.has(activation)
      ? rebuild({ activation: activation as EpilogueActivation, alpha }, {})
      : undefined;
  }
  if (follower.kernel === "unaryGrad" && untouched) {
    const { function: gradientOf, alpha } = (follower as KernelCall<"unaryGrad">).attributes;
    const [saved, dy] = follower.inputs;
    if (dy.storage !== result || saved.storage === result || !foldable.has(gradientOf)) return undefined;
    return rebuild({ gradientOf: gradientOf as EpilogueActivation, alpha }, { saved });
  }
  return undefined;
}

/** [1, .., 1, c] or [c] for an output [.., c]. */
function isChannelVector(operand: Operand, output: Operand): boolean {
  const channels = output.shape[output.shape.length - 1];
  return sizeOf(operand.shape) === channels && operand.shape[operand.shape.length - 1] === channels;
}
