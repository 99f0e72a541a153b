// One gradcheck case or more for every differentiable operation, by its public name. `fovea gradcheck` and the tests walk this
// list; a test makes sure that no exported operation is missing. Inputs stay clear of kinks.

import * as ops from "../ops/index.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { type GradcheckInput, randomInput } from "./gradcheck.js";

export interface GradcheckCase {
  readonly operation: string;
  readonly what: string;
  readonly f: (...xs: Tensor[]) => Tensor;
  readonly inputs: readonly GradcheckInput[];
}

type Shapes = readonly (readonly number[])[];

/** Distinct values at least 0.1 apart and never near 0: for maxima and kinks. */
function spaced(shape: readonly number[], seed: number): GradcheckInput {
  const { data } = randomInput(shape, seed, [0, 1]);
  const order = [...Array(data.length).keys()].sort((a, b) => data[a] - data[b]);
  const values = new Float64Array(data.length);
  order.forEach((at, rank) => (values[at] = (rank - data.length / 2) * 0.15 + 0.05));
  return { shape, data: values };
}

const normal = (shapes: Shapes) => shapes.map((shape, i) => randomInput(shape, 11 + i));
const positive = (shapes: Shapes) => shapes.map((shape, i) => randomInput(shape, 31 + i, [0.4, 2]));
const apart = (shapes: Shapes) => shapes.map((shape, i) => spaced(shape, 51 + i));

const one = (
  operation: string,
  what: string,
  inputs: readonly GradcheckInput[],
  f: (...xs: Tensor[]) => Tensor,
): GradcheckCase => ({
  operation,
  what,
  f,
  inputs,
});

const x4 = [2, 5, 7, 4] as const;

function unaryCases(): GradcheckCase[] {
  const anywhere = [
    "sigmoid",
    "tanh",
    "softplus",
    "silu",
    "gelu",
    "exp",
    "square",
    "neg",
    "sin",
    "cos",
    "erf",
  ] as const;
  const aboveZero = ["log", "sqrt", "rsqrt", "reciprocal"] as const;
  const kinked = ["relu", "leakyRelu", "abs", "sign", "floor", "ceil", "round"] as const;
  return [
    ...anywhere.map((name) => one(name, "[3, 5]", normal([[3, 5]]), (x) => ops[name](x))),
    ...aboveZero.map((name) => one(name, "[3, 5] above 0", positive([[3, 5]]), (x) => ops[name](x))),
    ...kinked.map((name) => one(name, "[3, 5] away from 0", apart([[3, 5]]), (x) => ops[name](x))),
  ];
}

function binaryCases(): GradcheckCase[] {
  const patterns: Shapes[] = [
    [[3, 5], [3, 5]],
    [[2, 3, 5], [5]],
    [[2, 1, 5], [3, 1]],
    [[], [2, 3]],
  ]; // prettier-ignore
  const what = (shapes: Shapes) => shapes.map((s) => `[${s.join(", ")}]`).join(" with ");
  return patterns.flatMap((shapes) => [
    ...(["add", "sub", "mul"] as const).map((name) =>
      one(name, what(shapes), normal(shapes), (a, b) => ops[name](a, b)),
    ),
    ...(["div", "pow"] as const).map((name) =>
      one(name, what(shapes), positive(shapes), (a, b) => ops[name](a, b)),
    ),
    ...(["maximum", "minimum"] as const).map((name) =>
      one(name, what(shapes), normal(shapes), (a, b) => ops[name](a, b)),
    ),
  ]);
}

function reduceCases(): GradcheckCase[] {
  const choices = [{}, { axis: 1 }, { axis: [0, -1], keepDims: true }];
  const inputs = {
    sum: normal([[3, 4, 5]]),
    mean: normal([[3, 4, 5]]),
    max: apart([[3, 4, 5]]),
    min: apart([[3, 4, 5]]),
  };
  return [
    ...choices.flatMap((options) =>
      (["sum", "mean", "max", "min"] as const).map((name) =>
        one(name, `[3, 4, 5] ${JSON.stringify(options)}`, inputs[name], (x) => ops[name](x, options)),
      ),
    ),
    one("broadcastTo", "[3, 1] to [2, 3, 4]", normal([[3, 1]]), (x) => ops.broadcastTo(x, [2, 3, 4])),
    one("sumTo", "[2, 3, 4] to [3, 1]", normal([[2, 3, 4]]), (x) => ops.sumTo(x, [3, 1])),
  ];
}

function productCases(): GradcheckCase[] {
  const matmuls = [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => {
      const shapes = [transposeA ? [2, 4, 3] : [2, 3, 4], transposeB ? [1, 5, 4] : [1, 4, 5]];
      return one(
        "matMul",
        `A${transposeA ? "^T" : ""} B${transposeB ? "^T" : ""}, B repeated`,
        normal(shapes),
        (a, b) => ops.matMul(a, b, { transposeA, transposeB }),
      );
    }),
  );
  const convolutions: [string, Shapes, Parameters<typeof ops.conv2d>[2]][] = [
    ["3x3 same", [x4, [3, 3, 4, 3]], { padding: "same" }],
    ["3x2, stride [2, 1], dilation [1, 2], asymmetric", [x4, [3, 2, 4, 3]], { strides: [2, 1], dilationRate: [1, 2], padding: [[1, 0], [0, 2]] }],
    ["2 groups, stride 2", [x4, [3, 3, 2, 6]], { groups: 2, strides: 2, padding: 1 }],
    ["1x1", [x4, [1, 1, 4, 5]], {}],
  ]; // prettier-ignore
  return [
    ...matmuls,
    ...convolutions.map(([what, shapes, options]) =>
      one("conv2d", what, normal(shapes), (x, w) => ops.conv2d(x, w, options)),
    ),
    one("conv2dTranspose", "2x2 stride 2", normal([[2, 3, 4, 5], [2, 2, 3, 5]]), (x, w) => ops.conv2dTranspose(x, w, { strides: 2 })), // prettier-ignore
    one("conv2dTranspose", "3x3 same, stride 2", normal([[1, 3, 4, 5], [3, 3, 2, 5]]), (x, w) => ops.conv2dTranspose(x, w, { strides: 2, padding: "same" })), // prettier-ignore
  ];
}

function imageCases(): GradcheckCase[] {
  return [
    one("maxPool2d", "2x2", apart([x4]), (x) => ops.maxPool2d(x)),
    one("maxPool2d", "3x3, stride 2, same", apart([x4]), (x) =>
      ops.maxPool2d(x, { poolSize: 3, strides: 2, padding: "same" }),
    ),
    one("averagePool2d", "2x3", normal([x4]), (x) => ops.averagePool2d(x, { poolSize: [2, 3] })),
    one("averagePool2d", "3x3, stride 2, same", normal([x4]), (x) =>
      ops.averagePool2d(x, { poolSize: 3, strides: 2, padding: "same" }),
    ),
    one("resize2d", "nearest, 5x7 to 8x9", normal([x4]), (x) => ops.resize2d(x, [8, 9])),
    one("resize2d", "bilinear, 5x7 to 8x3", normal([x4]), (x) => ops.resize2d(x, [8, 3], "bilinear")),
    one("upsample2d", "nearest", normal([x4]), (x) => ops.upsample2d(x)),
    one("depthToSpace", "block 2", normal([[2, 3, 2, 8]]), (x) => ops.depthToSpace(x)),
    one("spaceToDepth", "block 2", normal([[2, 4, 6, 3]]), (x) => ops.spaceToDepth(x)),
  ];
}

function shapeCases(): GradcheckCase[] {
  return [
    one("reshape", "[3, 4] to [2, 6]", normal([[3, 4]]), (x) => ops.reshape(x, [2, -1])),
    one("flatten", "[2, 3, 4]", normal([[2, 3, 4]]), (x) => ops.flatten(x)),
    one("transpose", "[2, 3, 4] by [2, 0, 1]", normal([[2, 3, 4]]), (x) => ops.transpose(x, [2, 0, 1])),
    one("slice", "[4, 5]", normal([[4, 5]]), (x) => ops.slice(x, [1, 2], [2, 3])),
    one("concatenate", "along axis 1", normal([[2, 3, 2], [2, 1, 2], [2, 4, 2]]), (...xs) => ops.concatenate(xs, 1)), // prettier-ignore
    one("pad", "zeros", normal([[2, 3]]), (x) => ops.pad(x, [[1, 0], [2, 1]])), // prettier-ignore
    ...(["reflect", "symmetric", "edge", "wrap"] as const).map(
      (mode) =>
      one("pad", mode, normal([[3, 4]]), (x) => ops.pad(x, [[2, 1], [0, 2]], mode)), // prettier-ignore
    ),
    one("pad", "with 2", normal([[2, 3]]), (x) => ops.pad(x, [[1, 0], [2, 1]], "constant", 2)), // prettier-ignore
    one("stridedSlice", "every second, and backwards", normal([[5, 7]]), (x) => ops.stridedSlice(x, [1, null], [null, 1], [2, -2])), // prettier-ignore
    one("split", "into 2 and 3", normal([[2, 5]]), (x) => ops.mul(...(ops.split(ops.concatenate([x, ops.square(x)]), 2) as [Tensor, Tensor]))), // prettier-ignore
    one("tril", "[2, 3, 4], one above", normal([[2, 3, 4]]), (x) => ops.tril(x, 1)),
    one("triu", "[3, 4]", normal([[3, 4]]), (x) => ops.triu(x)),
    one("flip", "axes 0 and 2", normal([[2, 3, 4]]), (x) => ops.flip(x, [0, 2])),
  ];
}

function otherCases(): GradcheckCase[] {
  const mask = (x: Tensor) => ops.greater(x.detach(), 0);
  return [
    one("where", "by sign, b broadcast", apart([[3, 4], [4]]), (a, b) => ops.where(mask(a), a, b)), // prettier-ignore
    one("gather", "[5, 2, 3] by [2, 2]", normal([[5, 2, 3]]), (x) => ops.gather(x, tensor([[4, 0], [4, 2]]))), // prettier-ignore
    one("clip", "to [-0.4, 0.4]", apart([[3, 5]]), (x) => ops.clip(x, -0.4, 0.4)),
    one("softmax", "[3, 5]", normal([[3, 5]]), (x) => ops.softmax(x)),
    one("logSoftmax", "[2, 3, 5]", normal([[2, 3, 5]]), (x) => ops.logSoftmax(x)),
    one("normalize", "rows", normal([[4, 6]]), (x) => ops.normalize(x, 1).y),
    one("normalize", "columns", normal([[2, 5, 3]]), (x) => ops.normalize(x, 0).y),
  ];
}

/** Exported names that are not differentiable operations: comparisons, makers of constants, random numbers. */
export const withoutGradient: readonly string[] = [
  "greater", "greaterEqual", "less", "lessEqual", "equal", "full", "ones", "zeros", "argMax", "oneHot", "counterLimbs", "randomUniform", "randomNormal",
]; // prettier-ignore

export const gradcheckCases = (): GradcheckCase[] => [
  ...unaryCases(),
  ...binaryCases(),
  ...reduceCases(),
  ...productCases(),
  ...imageCases(),
  ...shapeCases(),
  ...otherCases(),
];
