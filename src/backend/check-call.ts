// Is a call well-formed: the number of its operands, their shapes against each other and against the attributes, as
// kernels.ts has them. The reference backend asks at every call, so that a wrong call is told where it is made instead of
// being seen in its numbers; the fast backends trust their callers.

import type { KernelCall } from "./backend.js";
import { sizeOf } from "./kernels.js";
import type { Attributes, Epilogue, KernelName } from "./kernels.js";

type Shape = readonly number[];
type Check<K extends KernelName> = (
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  a: Attributes[K],
) => void;

/** Why a call is malformed; checkCall() adds which call it is. */
class Malformed extends Error {}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Malformed(what);
}

const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, axis) => n === b[axis]);
const mustEqual = (actual: Shape, expected: Shape, what: string) =>
  must(same(actual, expected), `${what} must be [${expected}], not [${actual}]`);
const mustRank = (shape: Shape, rank: number, what: string) =>
  must(shape.length === rank, `${what} must have ${rank} axes`);

function mustCount(inputs: readonly Shape[], outputs: readonly Shape[], ins: number, outs: number): void {
  must(inputs.length === ins, `there must be ${ins} inputs`);
  must(outputs.length === outs, `there must be ${outs} outputs`);
}

/** The operands of an epilogue, and the number of all inputs. */
function checkEpilogue(inputs: readonly Shape[], out: Shape, epilogue: Epilogue = {}): void {
  let next = 2;
  if (epilogue.bias) mustEqual(inputs[next++] ?? [], out.slice(-1), "bias");
  if (epilogue.residual) mustEqual(inputs[next++] ?? [], out, "residual");
  if (epilogue.gradientOf) mustEqual(inputs[next++] ?? [], out, "saved");
  must(inputs.length === next, `there must be ${next} inputs`);
}

/** x, w and y of one convolution, whichever of them is the result. */
function checkConvolution(x: Shape, w: Shape, y: Shape, a: Attributes["conv2dWeightGrad"]): void {
  mustRank(x, 4, "x");
  mustRank(w, 4, "w");
  mustRank(y, 4, "y");
  must(x[0] === y[0], "x and y must have as many images");
  const whole = [...a.strides, ...a.dilation, a.groups, a.upsample ?? 1];
  must(
    whole.every((n) => Number.isInteger(n) && n >= 1),
    "strides, dilation, groups and upsample must be whole and positive",
  );
  must(a.padding.every(Number.isInteger), "padding must be whole");
  must(x[3] % a.groups === 0 && y[3] % a.groups === 0, `${a.groups} groups must divide the channels`);
  must(w[2] === x[3] / a.groups, `w must have ${x[3] / a.groups} input channels a group, not ${w[2]}`);
  must(w[3] === y[3], `w must have ${y[3]} output channels, not ${w[3]}`);
}

function checkPool(x: Shape, y: Shape, { window, strides, padding }: Attributes["pool2d"]): void {
  mustRank(x, 4, "x");
  mustRank(y, 4, "y");
  must(x[0] === y[0] && x[3] === y[3], "x and y must have the same images and channels");
  for (const axis of [0, 1] as const) {
    must(strides[axis] >= 1 && window[axis] >= 1, "window and strides must be positive");
    const last = (y[1 + axis] - 1) * strides[axis] - padding[axis];
    must(padding[axis] < window[axis] && last < x[1 + axis], "every window must have an element inside x");
  }
}

function checkResize(x: Shape, y: Shape): void {
  mustRank(x, 4, "x");
  mustRank(y, 4, "y");
  must(x[0] === y[0] && x[3] === y[3], "x and y must have the same images and channels");
  must(sizeOf(y) === 0 || sizeOf(x) > 0, "x must have an element");
}

function checkFold(folded: Shape, unfolded: Shape, block: number): void {
  mustRank(folded, 4, "the folded tensor");
  const [n, h, w, c] = folded;
  mustEqual(unfolded, [n, h * block, w * block, c / block ** 2], "the unfolded tensor");
}

function checkGather(rows: Shape, indices: Shape, chosen: Shape): void {
  mustRank(rows, 2, "the matrix of rows");
  mustRank(indices, 1, "indices");
  mustEqual(chosen, [indices[0], rows[1]], "the chosen rows");
}

function checkAllEqual(inputs: readonly Shape[], outputs: readonly Shape[], ins: number): void {
  mustCount(inputs, outputs, ins, 1);
  for (const input of inputs) mustEqual(input, outputs[0], "each input");
}

/** Every element that the walk reaches must lie inside an operand of `size` elements. */
function checkWalk(shape: Shape, strides: Shape, offset: number, size: number, what: string): void {
  must(strides.length === shape.length, `${what}Strides must have ${shape.length} entries`);
  if (shape.includes(0)) return;
  const reach = shape.map((n, axis) => (n - 1) * strides[axis]);
  const first = reach.reduce((sum, r) => sum + Math.min(r, 0), offset);
  const last = reach.reduce((sum, r) => sum + Math.max(r, 0), offset);
  must(
    first >= 0 && last < size,
    `it reaches elements ${first} to ${last} of the ${what}, which has ${size}`,
  );
}

/** hyper, then `names` for each parameter; the outputs are those of `names` that are updated. */
function checkStep(
  inputs: readonly Shape[],
  outputs: readonly Shape[],
  hyper: number,
  ins: number,
  outs: number,
): void {
  mustEqual(inputs[0] ?? [], [hyper], "hyper");
  const parameters = outputs.length / outs;
  must(
    inputs.length === 1 + ins * parameters,
    `${outputs.length} outputs need ${1 + ins * parameters} inputs`,
  );
  inputs
    .slice(1)
    .forEach((shape, i) => mustEqual(shape, outputs[Math.floor(i / ins) * outs], `input ${i + 1}`));
}

const checks: { readonly [K in KernelName]: Check<K> } = {
  matmul(inputs, outputs, { transposeA, transposeB, epilogue }) {
    const [a, b] = inputs;
    const [y] = outputs;
    for (const shape of [a, b, y]) mustRank(shape ?? [], 3, "every matrix");
    const [m, k] = transposeA ? [a[2], a[1]] : [a[1], a[2]];
    const [k2, n] = transposeB ? [b[2], b[1]] : [b[1], b[2]];
    must(k === k2, `a has ${k} columns and b has ${k2} rows`);
    mustEqual(y, [y[0], m, n], "y");
    must([1, y[0]].includes(a[0]) && [1, y[0]].includes(b[0]), "a batch must be y's or 1");
    checkEpilogue(inputs, y, epilogue);
  },
  conv2d(inputs, [y], attributes) {
    checkConvolution(inputs[0] ?? [], inputs[1] ?? [], y, attributes);
    checkEpilogue(inputs, y, attributes.epilogue);
  },
  conv2dInputGrad(inputs, [dx], attributes) {
    checkConvolution(dx, inputs[1] ?? [], inputs[0] ?? [], attributes);
    checkEpilogue(inputs, dx, attributes.epilogue);
  },
  conv2dWeightGrad(inputs, outputs, attributes) {
    mustCount(inputs, outputs, 2, 1);
    checkConvolution(inputs[0], outputs[0], inputs[1], attributes);
  },
  pool2d(inputs, outputs, attributes) {
    mustCount(inputs, outputs, attributes.kind === "max" ? Math.max(inputs.length, 1) : 1, 1);
    must(inputs.length <= 2, "there must be 1 or 2 inputs");
    checkPool(inputs[0], outputs[0], attributes);
    if (inputs.length === 2) mustEqual(inputs[1], inputs[0], "v");
  },
  pool2dGrad(inputs, outputs, attributes) {
    mustCount(inputs, outputs, 2, 1);
    checkPool(inputs[0], inputs[1], attributes);
    mustEqual(outputs[0], inputs[0], "dx");
  },
  resize2d(inputs, outputs) {
    mustCount(inputs, outputs, 1, 1);
    checkResize(inputs[0], outputs[0]);
  },
  resize2dGrad(inputs, outputs) {
    mustCount(inputs, outputs, 1, 1);
    checkResize(outputs[0], inputs[0]);
  },
  depthToSpace(inputs, outputs, { block }) {
    mustCount(inputs, outputs, 1, 1);
    checkFold(inputs[0], outputs[0], block);
  },
  spaceToDepth(inputs, outputs, { block }) {
    mustCount(inputs, outputs, 1, 1);
    checkFold(outputs[0], inputs[0], block);
  },
  unary: (inputs, outputs) => checkAllEqual(inputs, outputs, 1),
  unaryGrad: (inputs, outputs) => checkAllEqual(inputs, outputs, 2),
  binary(inputs, outputs) {
    mustCount(inputs, outputs, 2, 1);
    const [y] = outputs;
    const stretched = y.map((_, i) => {
      const at = (shape: Shape) => shape[i - (y.length - shape.length)] ?? 1;
      return at(inputs[0]) === 1 ? at(inputs[1]) : at(inputs[0]);
    });
    mustEqual(y, stretched, "y");
    for (const x of inputs) {
      const tail = y.slice(y.length - x.length);
      must(
        x.length <= y.length && x.every((n, i) => n === 1 || n === tail[i]),
        "a and b must broadcast to y",
      );
    }
  },
  select: (inputs, outputs) => checkAllEqual(inputs, outputs, 3),
  elementwise(inputs, outputs, { steps, results }) {
    must(outputs.length === results.length, `there must be ${results.length} outputs`);
    const [y = []] = outputs;
    for (const other of outputs) mustEqual(other, y, "every output");
    for (const x of inputs)
      must(
        same(x, y) || same(x, y.slice(-1)) || sizeOf(x) === 1,
        `[${x}] is neither y's shape, nor its last axis, nor 1`,
      );
    steps.forEach((step, i) => {
      const reads = "abc"
        .split("")
        .flatMap((name) => (step as unknown as Record<string, number>)[name] ?? []);
      must(
        reads.every((register) => register >= 0 && register < inputs.length + i),
        `step ${i} reads a register that is not written yet`,
      );
    });
    must(
      results.every((register) => register >= 0 && register < inputs.length + steps.length),
      "a result is no register",
    );
  },
  reduce(inputs, outputs, { axes }) {
    mustCount(inputs, outputs, 1, 1);
    mustEqual(outputs[0], inputs[0].map((n, axis) => (axes.includes(axis) ? 1 : n)), "y"); // prettier-ignore
  },
  softmax(inputs, outputs) {
    checkAllEqual(inputs, outputs, 1);
    mustRank(inputs[0], 2, "x");
  },
  normalize(inputs, outputs, { axis }) {
    mustCount(inputs, outputs, 1, 4);
    mustRank(inputs[0], 2, "x");
    mustEqual(outputs[0], inputs[0], "y");
    for (const moments of outputs.slice(1))
      mustEqual(moments, [inputs[0][1 - axis]], "mean, inverseStd and variance");
  },
  normalizeGrad(inputs, outputs, { axis }) {
    mustCount(inputs, outputs, 3, 1);
    mustRank(inputs[0], 2, "y");
    mustEqual(inputs[1], [inputs[0][1 - axis]], "inverseStd");
    mustEqual(inputs[2], inputs[0], "dy");
    mustEqual(outputs[0], inputs[0], "dx");
  },
  copy(inputs, outputs, { shape, inputStrides, inputOffset, outputStrides, outputOffset }) {
    mustCount(inputs, outputs, 1, 1);
    checkWalk(shape, inputStrides, inputOffset, sizeOf(inputs[0]), "input");
    checkWalk(shape, outputStrides, outputOffset, sizeOf(outputs[0]), "output");
  },
  gather(inputs, outputs) {
    mustCount(inputs, outputs, 2, 1);
    checkGather(inputs[0], inputs[1], outputs[0]);
  },
  gatherGrad(inputs, outputs) {
    mustCount(inputs, outputs, 2, 1);
    checkGather(outputs[0], inputs[1], inputs[0]);
  },
  fill: (inputs, outputs) => mustCount(inputs, outputs, 0, 1),
  random(inputs, outputs, { seed }) {
    mustCount(inputs, outputs, 1, 1);
    mustEqual(inputs[0], [4], "counter");
    must(Number.isSafeInteger(seed) && seed >= 0, `the seed ${seed} is not an integer in [0, 2^53)`);
  },
  sgdStep: (inputs, outputs) => checkStep(inputs, outputs, 4, 3, 2),
  adamStep: (inputs, outputs) => checkStep(inputs, outputs, 8, 4, 3),
};

/** Throws an Error that names the kernel, the shapes and what is wrong, if the call is not as kernels.ts says. */
export function checkCall(call: KernelCall): void {
  const inputs = call.inputs.map(({ shape }) => shape);
  const outputs = call.outputs.map(({ shape }) => shape);
  try {
    (checks[call.kernel] as Check<KernelName>)(inputs, outputs, call.attributes);
  } catch (thrown) {
    if (!(thrown instanceof Malformed)) throw thrown;
    const list = (shapes: readonly Shape[]) => shapes.map((shape) => `[${shape}]`).join(" ") || "none";
    throw new Error(
      `malformed call of ${call.kernel}: ${thrown.message} (inputs ${list(inputs)}, outputs ${list(outputs)}, attributes ${JSON.stringify(call.attributes)})`,
      { cause: thrown },
    );
  }
}
