// The flat lists of numbers that the C++ products read (Call.numbers): matmul's in native/kernels/matmul/matmul.cc, the convolution
// trio's in native/kernels/conv/table.cc.

import type { KernelCall } from "../backend.js";
import { type ConvAttributes, DEFAULT_ALPHA, type Epilogue, epilogueActivations } from "../attributes.js";

export type ProductKernel = "matmul" | "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad";

/** Bits of `flags`: fovea::ProductFlags. */
const BIAS = 1;
const RESIDUAL = 2;
const SAVED = 4;
const FROZEN_WEIGHTS = 8;

const flag = (value: boolean | undefined): number => (value ? 1 : 0);

/** flags, activation, gradientOf, alpha */
const epilogueNumbers = (epilogue: Epilogue = {}, frozen: boolean): number[] => [
  (epilogue.bias ? BIAS : 0) +
    (epilogue.residual ? RESIDUAL : 0) +
    (epilogue.gradientOf !== undefined ? SAVED : 0) +
    (frozen ? FROZEN_WEIGHTS : 0),
  epilogueActivations.indexOf(epilogue.activation ?? "linear"),
  epilogueActivations.indexOf(epilogue.gradientOf ?? "linear"),
  epilogue.alpha ?? DEFAULT_ALPHA,
];

function matmulNumbers(call: KernelCall<"matmul">, variant: number, frozen: boolean): number[] {
  const { transposeA, transposeB, epilogue } = call.attributes;
  const [batchA, rows, columns] = call.inputs[0].shape;
  const [batch, m, n] = call.outputs[0].shape;
  const k = transposeA ? rows : columns;
  return [
    batchA,
    call.inputs[1].shape[0],
    batch,
    m,
    n,
    k,
    flag(transposeA),
    flag(transposeB),
    ...epilogueNumbers(epilogue, frozen),
    variant,
  ];
}

/** Shapes of a convolution as its forward direction has them: x [n, h, w, ci], w [kh, kw, ci/groups, co], y [n, oh, ow, co]. */
function convNumbers(
  x: readonly number[],
  w: readonly number[],
  y: readonly number[],
  attributes: ConvAttributes,
  variant: number,
  frozen: boolean,
): number[] {
  const { strides, padding, dilation, groups, upsample = 1, epilogue } = attributes;
  return [
    ...x,
    y[1],
    y[2],
    y[3],
    w[0],
    w[1],
    ...strides,
    ...padding,
    ...dilation,
    groups,
    upsample,
    ...epilogueNumbers(epilogue, frozen),
    variant,
  ];
}

type Encoder<K extends ProductKernel> = (call: KernelCall<K>, variant: number, frozen: boolean) => number[];

/** `variant` is a place in variants.ts's list, or -1 for the kernel's own choice; `frozen`: input 1 stays as it is. */
export const productEncoders: { readonly [K in ProductKernel]: Encoder<K> } = {
  matmul: matmulNumbers,
  conv2d: ({ inputs, outputs, attributes }, variant, frozen) =>
    convNumbers(inputs[0].shape, inputs[1].shape, outputs[0].shape, attributes, variant, frozen),
  conv2dInputGrad: ({ inputs, outputs, attributes }, variant, frozen) =>
    convNumbers(outputs[0].shape, inputs[1].shape, inputs[0].shape, attributes, variant, frozen),
  conv2dWeightGrad: ({ inputs, outputs, attributes }, variant) =>
    convNumbers(inputs[0].shape, outputs[0].shape, inputs[1].shape, attributes, variant, false),
};
