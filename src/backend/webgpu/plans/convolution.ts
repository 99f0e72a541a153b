// conv2d and its two adjoints: the ladder of gemm.ts, each with its own meaning of row, k and column (shaders/include/).

import type { KernelCall } from "../../backend.js";
import type { ConvAttributes } from "../../kernels.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import { ceilDiv } from "../dispatch.js";
import type { Product } from "./gemm.js";
import { epilogueBindings } from "./gemm.js";
import { rungVariants } from "./rungs.js";

type Convolution = KernelCall<"conv2d"> | KernelCall<"conv2dInputGrad"> | KernelCall<"conv2dWeightGrad">;

export const convolutionPlans: Plans = (device) => ({
  conv2d: rungVariants(device, (call) => productOf(call as Convolution)),
  conv2dInputGrad: rungVariants(device, (call) => productOf(call as Convolution)),
  conv2dWeightGrad: rungVariants(device, (call) => productOf(call as Convolution)),
});

/** The shapes of x, w and y, whichever of them the call makes. */
function shapesOf({ kernel, inputs, outputs }: Convolution) {
  const [first, second, made] = [inputs[0].shape, inputs[1].shape, outputs[0].shape];
  if (kernel === "conv2d") return { x: first, w: second, y: made };
  if (kernel === "conv2dInputGrad") return { x: made, w: second, y: first };
  return { x: first, w: made, y: second };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

function productOf(call: Convolution): Product {
  const { x, w, y } = shapesOf(call);
  const [images, height, width, ci] = x;
  const [, oh, ow, co] = y;
  const [kh, kw, ciGroup] = w;
  const { strides, padding, dilation, groups, upsample = 1 } = call.attributes;
  const coGroup = co / groups;
  const epilogue = (call.attributes as ConvAttributes).epilogue ?? {};
  // The adjoint in x goes by phases of the stride; where x is upsampled, all are one.
  const phases = upsample === 1 ? strides : [1, 1];
  const periods =
    upsample === 1 ? strides.map((stride, axis) => stride / gcd(stride, dilation[axis])) : [1, 1];
  const sizes = {
    conv2d: { problems: groups, m: images * oh * ow, n: coGroup, k: kh * kw * ciGroup },
    conv2dInputGrad: {
      problems: groups * phases[0] * phases[1],
      m: images * ceilDiv(height, phases[0]) * ceilDiv(width, phases[1]),
      n: ciGroup,
      k: upsample * upsample * ceilDiv(kh, periods[0]) * ceilDiv(kw, periods[1]) * coGroup,
    },
    conv2dWeightGrad: { problems: groups, m: kh * kw * ciGroup, n: coGroup, k: images * oh * ow },
  }[call.kernel];
  const made = call.outputs[0];
  return {
    kernel: call.kernel,
    ...sizes,
    a: call.inputs[0].storage,
    b: call.inputs[1].storage,
    ...epilogueBindings(call),
    y: made.storage,
    outputs: sizeOf(made.shape),
    channels: made.shape[3],
    epilogue,
    constants: {
      A_ALONG_M: Number(call.kernel === "conv2dWeightGrad"),
      B_ALONG_K: Number(call.kernel === "conv2dInputGrad"),
      UPSAMPLE: upsample,
    },
    isVec4: ciGroup % 4 === 0 && coGroup % 4 === 0,
    params: [
      ...[images, height, width, ci, oh, ow, co, kh, kw, ...strides, ...padding, ...dilation],
      ...[ciGroup, coGroup, ...phases, ...periods],
    ],
  };
}
