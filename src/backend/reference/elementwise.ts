// Kernels that work element by element: unary and its gradient, binary, select, and fused chains of them.

import { DEFAULT_ALPHA, type ElementwiseStep } from "../attributes.js";
import { sizeOf } from "../kernels.js";
import { binaryFunctions, unaryFunctions } from "./functions.js";
import { broadcastStrides, forEachRun } from "./tensor.js";
import type { KernelFunction, Numbers, Tensor } from "./tensor.js";

/** y = f(x) */
export const unary: KernelFunction<"unary"> = ([x], [y], { function: name, alpha = DEFAULT_ALPHA }) => {
  const { value } = unaryFunctions[name];
  const size = sizeOf(y.shape);
  for (let i = 0; i < size; i++) y.data[i] = value(x.data[i], alpha);
};

/** dx = dy * f'(saved) */
export const unaryGrad: KernelFunction<"unaryGrad"> = (
  [saved, dy],
  [dx],
  { function: name, alpha = DEFAULT_ALPHA },
) => {
  const { derivative } = unaryFunctions[name];
  const size = sizeOf(dx.shape);
  for (let i = 0; i < size; i++) dx.data[i] = dy.data[i] * derivative(saved.data[i], alpha);
};

/** y = a f b, where a and b are stretched to y's shape. */
export const binary: KernelFunction<"binary"> = ([a, b], [y], { function: name }) => {
  const f = binaryFunctions[name];
  let out = 0;
  forEachRun(
    y.shape,
    broadcastStrides(a.shape, y.shape),
    broadcastStrides(b.shape, y.shape),
    (count, aStart, bStart, aStep, bStep) => {
      for (let i = 0; i < count; i++)
        y.data[out++] = f(a.data[aStart + i * aStep], b.data[bStart + i * bStep]);
    },
  );
};

/** y = condition != 0 ? a : b */
export const select: KernelFunction<"select"> = ([condition, a, b], [y]) => {
  const size = sizeOf(y.shape);
  for (let i = 0; i < size; i++) y.data[i] = condition.data[i] !== 0 ? a.data[i] : b.data[i];
};

/** Elements that a fused chain takes through all its steps at a time. */
const CHUNK = 1024;

/** Copies `count` elements of an operand into a register, as seen from elements `start`... of the outputs. */
function load(x: Tensor, size: number, start: number, count: number, register: Numbers): void {
  const own = sizeOf(x.shape);
  if (own === size) register.set(x.data.subarray(start, start + count));
  else for (let i = 0; i < count; i++) register[i] = x.data[(start + i) % own];
}

function runStep(step: ElementwiseStep, registers: readonly Numbers[], result: Numbers, count: number): void {
  const a = registers[step.a];
  switch (step.op) {
    case "unary": {
      const { value } = unaryFunctions[step.function];
      const alpha = step.alpha ?? DEFAULT_ALPHA;
      for (let i = 0; i < count; i++) result[i] = value(a[i], alpha);
      return;
    }
    case "unaryGrad": {
      const { derivative } = unaryFunctions[step.function];
      const alpha = step.alpha ?? DEFAULT_ALPHA;
      const dy = registers[step.b];
      for (let i = 0; i < count; i++) result[i] = dy[i] * derivative(a[i], alpha);
      return;
    }
    case "binary": {
      const f = binaryFunctions[step.function];
      const b = registers[step.b];
      for (let i = 0; i < count; i++) result[i] = f(a[i], b[i]);
      return;
    }
    case "select": {
      const b = registers[step.b];
      const c = registers[step.c];
      for (let i = 0; i < count; i++) result[i] = a[i] !== 0 ? b[i] : c[i];
    }
  }
}

/** Registers have the backend's precision, so a fused chain gives the same bits as its steps one by one. */
export const elementwise: KernelFunction<"elementwise"> = (inputs, outputs, { steps, results }) => {
  if (outputs.length === 0) return;
  const size = sizeOf(outputs[0].shape);
  const NumberArray = outputs[0].data instanceof Float32Array ? Float32Array : Float64Array;
  const registers = Array.from(
    { length: inputs.length + steps.length },
    () => new NumberArray(Math.min(CHUNK, size)),
  );
  for (let start = 0; start < size; start += CHUNK) {
    const count = Math.min(CHUNK, size - start);
    inputs.forEach((x, i) => load(x, size, start, count, registers[i]));
    steps.forEach((step, i) => runStep(step, registers, registers[inputs.length + i], count));
    results.forEach((register, i) => outputs[i].data.set(registers[register].subarray(0, count), start));
  }
};
