// The flat list of numbers that each C++ kernel other than the products reads (Call.numbers): shapes and attributes, in
// the order in which the kernel's file in native/kernels takes them. The products' are in encode-products.ts.

import type { KernelCall, Operand } from "../backend.js";
import {
  binaryFunctions,
  DEFAULT_ALPHA,
  type ElementwiseStep,
  type KernelName,
  reductions,
  stepOperations,
  unaryFunctions,
} from "../attributes.js";
import { sizeOf } from "../kernels.js";

export type ElementKernel = Exclude<KernelName, "matmul" | "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad">;

const flag = (value: boolean | undefined): number => (value ? 1 : 0);

/** `shape` with ones put before it until it has `rank` axes. */
const aligned = (shape: readonly number[], rank: number): number[] => [
  ...new Array<number>(rank - shape.length).fill(1),
  ...shape,
];

const unaryNumbers = (call: KernelCall<"unary" | "unaryGrad">): number[] => [
  sizeOf(call.outputs[0].shape),
  unaryFunctions.indexOf(call.attributes.function),
  call.attributes.alpha ?? DEFAULT_ALPHA,
];

/** op, function, alpha, a, b, c; an operand that the step does not have repeats `a`. */
function stepNumbers(step: ElementwiseStep): number[] {
  const op = stepOperations.indexOf(step.op);
  switch (step.op) {
    case "unary":
      return [op, unaryFunctions.indexOf(step.function), step.alpha ?? DEFAULT_ALPHA, step.a, step.a, step.a];
    case "unaryGrad":
      return [op, unaryFunctions.indexOf(step.function), step.alpha ?? DEFAULT_ALPHA, step.a, step.b, step.a];
    case "binary":
      return [op, binaryFunctions.indexOf(step.function), 0, step.a, step.b, step.a];
    case "select":
      return [op, 0, 0, step.a, step.b, step.c];
  }
}

/** n, h, w, c of the image and oh, ow of what it is pooled or resized to. */
const imageNumbers = (image: Operand, output: Operand): number[] => [
  ...image.shape,
  output.shape[1],
  output.shape[2],
];

const poolNumbers = (
  call: KernelCall<"pool2d" | "pool2dGrad">,
  output: Operand,
  hasValues: boolean,
): number[] => [
  ...imageNumbers(call.inputs[0], output),
  flag(call.attributes.kind === "max"),
  ...call.attributes.window,
  ...call.attributes.strides,
  ...call.attributes.padding,
  flag(hasValues),
];

/** n, h, w, c of the unfolded tensor's cells, and the block: the image is [n, h * block, w * block, c]. */
const foldNumbers = (folded: Operand, block: number): number[] => {
  const [n, h, w, channels] = folded.shape;
  return [n, h, w, channels / (block * block), block];
};

/** The sizes of the parameters: every `perParameter`-th output. */
const parameterNumbers = (outputs: readonly Operand[], perParameter: number): number[] => {
  const sizes = outputs.filter((_, i) => i % perParameter === 0).map(({ shape }) => sizeOf(shape));
  return [sizes.length, ...sizes];
};

export const elementEncoders: { readonly [K in ElementKernel]: (call: KernelCall<K>) => number[] } = {
  pool2d: (call) => poolNumbers(call, call.outputs[0], call.inputs.length > 1),
  pool2dGrad: (call) => poolNumbers(call, call.inputs[1], false),
  resize2d: ({ inputs, outputs, attributes }) => [
    ...imageNumbers(inputs[0], outputs[0]),
    flag(attributes.mode === "bilinear"),
  ],
  resize2dGrad: ({ inputs, outputs, attributes }) => [
    ...imageNumbers(outputs[0], inputs[0]),
    flag(attributes.mode === "bilinear"),
  ],
  depthToSpace: ({ inputs, attributes }) => foldNumbers(inputs[0], attributes.block),
  spaceToDepth: ({ outputs, attributes }) => foldNumbers(outputs[0], attributes.block),

  unary: unaryNumbers,
  unaryGrad: unaryNumbers,
  binary: ({ inputs, outputs, attributes }) => {
    const { shape } = outputs[0];
    const rank = shape.length;
    return [
      binaryFunctions.indexOf(attributes.function),
      rank,
      ...shape,
      ...aligned(inputs[0].shape, rank),
      ...aligned(inputs[1].shape, rank),
    ];
  },
  select: ({ outputs }) => [sizeOf(outputs[0].shape)],
  elementwise: ({ inputs, outputs, attributes: { steps, results } }) => [
    outputs.length > 0 ? sizeOf(outputs[0].shape) : 0,
    outputs[0]?.shape.at(-1) ?? 1,
    inputs.length,
    outputs.length,
    steps.length,
    ...inputs.map(({ shape }) => sizeOf(shape)),
    ...steps.flatMap(stepNumbers),
    ...results,
  ],

  reduce: ({ inputs, attributes }) => {
    const { shape } = inputs[0];
    return [
      reductions.indexOf(attributes.function),
      shape.length,
      ...shape,
      ...shape.map((_, axis) => flag(attributes.axes.includes(axis))),
    ];
  },
  softmax: ({ inputs, attributes }) => [...inputs[0].shape, flag(attributes.log)],
  normalize: ({ inputs, attributes }) => [...inputs[0].shape, attributes.axis, attributes.epsilon],
  normalizeGrad: ({ inputs, attributes }) => [...inputs[0].shape, attributes.axis],

  copy: ({ attributes }) => [
    attributes.shape.length,
    ...attributes.shape,
    ...attributes.inputStrides,
    ...attributes.outputStrides,
    attributes.inputOffset,
    attributes.outputOffset,
  ],
  gather: ({ inputs: [x, indices] }) => [...x.shape, ...indices.shape],
  gatherGrad: ({ inputs: [, indices], outputs: [dx] }) => [...dx.shape, ...indices.shape],
  fill: ({ outputs, attributes }) => [sizeOf(outputs[0].shape), attributes.value],
  random: ({ outputs, attributes: { distribution, seed } }) => [
    sizeOf(outputs[0].shape),
    flag(distribution === "normal"),
    seed >>> 0,
    Math.floor(seed / 2 ** 32),
  ],

  sgdStep: ({ outputs, attributes }) => [flag(attributes.nesterov), ...parameterNumbers(outputs, 2)],
  adamStep: ({ outputs }) => parameterNumbers(outputs, 3),
};
