// unary, unaryGrad, binary, select and fused chains.

import { binaryFunctions, DEFAULT_ALPHA, type ElementwiseStep, unaryFunctions } from "../../attributes.js";
import type { KernelCall } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import { mergeAxes, broadcastStrides, MOST_AXES } from "../axes.js";
import type { DeviceTraits, Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { ceilDiv, Params } from "../dispatch.js";
import { filled, sourceOf } from "../pipelines.js";

export const WORKGROUP = 256;
const always = () => true;

/** Workgroups for one thread an element. */
export const groupsFor = (elements: number): number => ceilDiv(elements, WORKGROUP);

export const elementwisePlans: Plans = (device) => ({
  unary: [{ name: "flat", supports: always, plan: (call) => unary(call as KernelCall<"unary">) }],
  unaryGrad: [{ name: "flat", supports: always, plan: (call) => unary(call as KernelCall<"unaryGrad">) }],
  binary: [
    { name: "flat", supports: repeats, plan: (call) => flatBinary(call as KernelCall<"binary">) },
    {
      name: "broadcast",
      supports: (call) => broadcastAxes(call).sizes.length <= MOST_AXES,
      plan: (call) => broadcastBinary(call as KernelCall<"binary">),
    },
  ],
  select: [{ name: "flat", supports: always, plan: selectPlan }],
  elementwise: [
    {
      name: "chain",
      supports: (call) => fitsChain(call as KernelCall<"elementwise">, device),
      plan: (call) => chain(call as KernelCall<"elementwise">),
    },
  ],
});

function unary(call: KernelCall<"unary"> | KernelCall<"unaryGrad">): Dispatch[] {
  const size = sizeOf(call.outputs[0].shape);
  return [
    {
      shader: `${call.kernel}/flat`,
      constants: { FUNCTION: unaryFunctions.indexOf(call.attributes.function) },
      reads: call.inputs.map((input) => input.storage),
      writes: [call.outputs[0].storage],
      params: new Params().u32(size).f32(call.attributes.alpha ?? DEFAULT_ALPHA),
      groups: groupsFor(size),
    },
  ];
}

/** Whether a shape, without leading ones, is the tail of another: then its elements repeat with its own size. */
function isTail(shape: readonly number[], whole: readonly number[]): boolean {
  const own = shape.slice(shape.findIndex((n) => n !== 1));
  if (sizeOf(shape) === 1) return true;
  return own.every((n, axis) => n === whole[whole.length - own.length + axis]);
}

const repeats = ({ inputs, outputs }: KernelCall): boolean =>
  inputs.every((input) => isTail(input.shape, outputs[0].shape));

function flatBinary({ inputs: [a, b], outputs: [y], attributes }: KernelCall<"binary">): Dispatch[] {
  const [size, aSize, bSize] = [y, a, b].map((operand) => sizeOf(operand.shape));
  return [
    {
      shader: "binary/flat",
      constants: {
        FUNCTION: binaryFunctions.indexOf(attributes.function),
        A_REPEATS: Number(aSize !== size),
        B_REPEATS: Number(bSize !== size),
      },
      reads: [a.storage, b.storage],
      writes: [y.storage],
      params: new Params().u32(size, aSize, bSize),
      groups: groupsFor(size),
    },
  ];
}

function broadcastAxes({ inputs: [a, b], outputs: [y] }: KernelCall) {
  return mergeAxes(y.shape, [broadcastStrides(a.shape, y.shape), broadcastStrides(b.shape, y.shape)]);
}

function broadcastBinary(call: KernelCall<"binary">): Dispatch[] {
  const size = sizeOf(call.outputs[0].shape);
  const { sizes, strides } = broadcastAxes(call);
  const params = new Params().u32(size, sizes.length).vec4s(2, sizes);
  return [
    {
      shader: "binary/broadcast",
      constants: { FUNCTION: binaryFunctions.indexOf(call.attributes.function) },
      reads: call.inputs.map((input) => input.storage),
      writes: [call.outputs[0].storage],
      params: params.vec4s(2, strides[0]).vec4s(2, strides[1]),
      groups: groupsFor(size),
    },
  ];
}

function selectPlan({ inputs, outputs: [y] }: KernelCall): Dispatch[] {
  const size = sizeOf(y.shape);
  return [
    {
      shader: "select/flat",
      reads: inputs.map((input) => input.storage),
      writes: [y.storage],
      params: new Params().u32(size),
      groups: groupsFor(size),
    },
  ];
}

/** Inputs and steps of one chain at most: what its uniform block has room for. */
const MOST_INPUTS = 16;
const MOST_STEPS = 32;

function fitsChain(
  { inputs, outputs, attributes }: KernelCall<"elementwise">,
  device: DeviceTraits,
): boolean {
  const operands = inputs.length + outputs.length;
  return (
    operands <= device.mostStorageBuffers &&
    inputs.length <= MOST_INPUTS &&
    attributes.steps.length <= MOST_STEPS
  );
}

function chain({ inputs, outputs, attributes: { steps, results } }: KernelCall<"elementwise">): Dispatch[] {
  const size = outputs.length > 0 ? sizeOf(outputs[0].shape) : 0;
  const sizes = inputs.map((input) => sizeOf(input.shape));
  const alphas = steps.map((step) => ("alpha" in step ? (step.alpha ?? DEFAULT_ALPHA) : DEFAULT_ALPHA));
  const isWhole = sizes.map((n) => n === size);
  return [
    {
      shader: "elementwise/chain",
      source: chainSource(isWhole, steps, results),
      reads: inputs.map((input) => input.storage),
      writes: outputs.map((output) => output.storage),
      params: new Params().u32(size).vec4s(4, sizes).vec4s(8, alphas, "f32"),
      groups: groupsFor(size),
    },
  ];
}

/** The text of a chain: registers r0... are the inputs, then the steps' results. */
function chainSource(
  isWhole: readonly boolean[],
  steps: readonly ElementwiseStep[],
  results: readonly number[],
): string {
  const inputs = isWhole.length;
  const bindings = [
    ...isWhole.map((_, k) => `@group(1) @binding(${k}) var<storage, read> x${k}: array<f32>;`),
    ...results.map((_, k) => `@group(1) @binding(${inputs + k}) var<storage, read_write> y${k}: array<f32>;`),
  ];
  const at = (list: string, k: number) => `p.${list}[${Math.floor(k / 4)}][${k % 4}]`;
  const lines = [
    ...isWhole.map((whole, k) => `let r${k} = x${k}[${whole ? "i" : `i % ${at("sizes", k)}`}];`),
    ...steps.map((step, k) => `let r${inputs + k} = ${stepSource(step, at("alphas", k))};`),
    ...results.map((register, k) => `y${k}[i] = r${register};`),
  ];
  return filled(sourceOf("elementwise/chain"), { bindings, steps: lines });
}

function stepSource(step: ElementwiseStep, alpha: string): string {
  switch (step.op) {
    case "unary":
      return `unaryValue(${unaryFunctions.indexOf(step.function)}u, r${step.a}, ${alpha})`;
    case "unaryGrad":
      return `r${step.b} * unaryDerivative(${unaryFunctions.indexOf(step.function)}u, r${step.a}, ${alpha})`;
    case "binary":
      return `binaryValue(${binaryFunctions.indexOf(step.function)}u, r${step.a}, r${step.b})`;
    case "select":
      return `select(r${step.c}, r${step.b}, r${step.a} != 0.0 || isNan(r${step.a}))`;
  }
}
