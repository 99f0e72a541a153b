// Conformance cases of copy, gather and its gradient, fill and random.

import { sizeOf } from "../../backend/kernels.js";
import type { Attributes } from "../../backend/kernels.js";
import { rowMajorStrides } from "../../backend/reference/tensor.js";
import { APPROXIMATION, EXACT, listed, makeCase, normal, sprinkled } from "./case.js";
import type { ConformanceCase, Shape } from "./case.js";

function copyCase(
  name: string,
  x: Shape,
  y: Shape,
  attributes: Partial<Attributes["copy"]> & { shape: Shape },
  large = false,
): ConformanceCase {
  const { shape } = attributes;
  const whole = {
    inputStrides: rowMajorStrides(x),
    inputOffset: 0,
    outputStrides: rowMajorStrides(y),
    outputOffset: 0,
    ...attributes,
  };
  const partial = sizeOf(shape) < sizeOf(y);
  const output = partial ? { shape: y, before: sprinkled(normal, [NaN], 9) } : { shape: y };
  return makeCase("copy", name, [x], [output], whole, { tolerance: EXACT, large });
}

function transpose(x: Shape, permutation: readonly number[], large = false): ConformanceCase {
  const strides = rowMajorStrides(x);
  const y = permutation.map((axis) => x[axis]);
  const name = `transpose [${x}] by [${permutation}]`;
  return copyCase(name, x, y, { shape: y, inputStrides: permutation.map((axis) => strides[axis]) }, large);
}

const copyCases: readonly ConformanceCase[] = [
  copyCase("a scalar", [], [], { shape: [] }),
  copyCase("a vector", [17], [17], { shape: [17] }),
  copyCase("nothing", [0, 3], [0, 3], { shape: [0, 3] }),
  copyCase("no index into a full output", [4], [5], { shape: [2, 0] , inputStrides: [1, 1], outputStrides: [1, 1] }),
  copyCase("rank 6", [2, 3, 1, 4, 3, 2], [2, 3, 1, 4, 3, 2], { shape: [2, 3, 1, 4, 3, 2] }),
  transpose([7, 11], [1, 0]),
  transpose([64, 48], [1, 0]),
  transpose([1, 9], [1, 0]),
  transpose([3, 5, 7], [0, 2, 1]),
  transpose([3, 5, 7], [2, 1, 0]),
  transpose([3, 5, 7], [1, 0, 2]),
  transpose([2, 5, 6, 3], [0, 3, 1, 2]),
  transpose([2, 3, 5, 6], [0, 2, 3, 1]),
  transpose([3, 3, 5, 7], [3, 2, 0, 1]),
  transpose([2, 3, 4, 2, 3], [4, 2, 0, 3, 1]),
  transpose([2, 3, 2, 4, 2, 3], [5, 3, 1, 0, 2, 4]),
  transpose([301, 277], [1, 0], true),
  transpose([4, 37, 41, 16], [0, 3, 1, 2], true),
  copyCase("a slice", [9, 11], [3, 4], { shape: [3, 4], inputStrides: [11, 1], inputOffset: 2 * 11 + 5 }),
  copyCase("every third row, every second column", [10, 9], [4, 5], { shape: [4, 5], inputStrides: [27, 2] }),
  copyCase("reversed", [13], [13], { shape: [13], inputStrides: [-1], inputOffset: 12 }),
  copyCase("both axes of an image mirrored", [2, 5, 7, 3], [2, 5, 7, 3], {
    shape: [2, 5, 7, 3],
    inputStrides: [105, -21, -3, 1],
    inputOffset: 4 * 21 + 6 * 3,
  }),
  copyCase("mirrored on the way out", [4, 6], [4, 6], { shape: [4, 6], outputStrides: [6, -1], outputOffset: 5 }),
  copyCase("a row repeated", [7], [5, 7], { shape: [5, 7], inputStrides: [0, 1] }),
  copyCase("a column repeated", [5], [5, 7], { shape: [5, 7], inputStrides: [1, 0] }),
  copyCase("one element repeated", [3], [4, 5], { shape: [4, 5], inputStrides: [0, 0], inputOffset: 1 }),
  copyCase("channels repeated over an image", [2, 6], [2, 3, 4, 6], { shape: [2, 3, 4, 6], inputStrides: [6, 0, 0, 1] }),
  copyCase("into the middle of a larger image", [2, 3, 4, 5], [2, 6, 7, 5], {
    shape: [2, 3, 4, 5],
    outputStrides: [210, 35, 5, 1],
    outputOffset: 2 * 35 + 1 * 5,
  }),
  copyCase("the second part of a concatenation", [6, 5], [6, 12], { shape: [6, 5], outputStrides: [12, 1], outputOffset: 7 }),
  copyCase("the first part of a concatenation", [6, 7], [6, 12], { shape: [6, 7], outputStrides: [12, 1] }),
  copyCase("every second element of the output", [9], [18], { shape: [9], outputStrides: [2], outputOffset: 1 }),
  copyCase("one element into a larger output", [5], [7], { shape: [], inputStrides: [], outputStrides: [], inputOffset: 3, outputOffset: 6 }),
  copyCase("large", [3, 111, 337], [3, 111, 337], { shape: [3, 111, 337] }, true),
  copyCase("large, into 64 of 96 channels", [2, 33, 31, 64], [2, 33, 31, 96], {
    shape: [2046, 64],
    inputStrides: [64, 1],
    outputStrides: [96, 1],
    outputOffset: 32,
  }, true),
]; // prettier-ignore

/** Rows, columns, indices: in order, repeated, and some that are no row. */
const gatherShapes: readonly (readonly [string, number, number, number, readonly number[]])[] = [
  ["one element", 1, 1, 1, [0]],
  ["a column", 17, 1, 29, [3, 16, 0, 3, 3, 9]],
  ["rows of 7", 5, 7, 11, [4, 0, 2, 2]],
  ["rows of 67", 13, 67, 9, [12, 7, 7, 0, 5]],
  ["numbers that are no row", 5, 3, 13, [4, -1, 5, 0.5, 1e9, -0, 2, Infinity, -Infinity, 4]],
  ["no index", 4, 3, 0, [0]],
  ["no column", 4, 0, 5, [1]],
  ["no row", 0, 3, 4, [0]],
];

const gatherCases = [...gatherShapes, ["large", 301, 37, 2003, [7, 300, 7, 0, 211, 13, 5]] as const].flatMap(
  ([name, n, c, m, list]) => {
    const indices = { shape: [m], values: listed(list) };
    const large = name === "large";
    const x = { shape: [n, c], values: sprinkled(normal, [NaN, Infinity], 23) };
    return [
      makeCase("gather", name, [x, indices], [[m, c]], {}, { tolerance: EXACT, large }),
      makeCase("gatherGrad", name, [[m, c], indices], [[n, c]], {}, { large }),
    ];
  },
);

const fillCase = (shape: Shape, value: number, large = false): ConformanceCase =>
  makeCase("fill", `[${shape}] with ${value}`, [], [shape], { value }, { tolerance: EXACT, large });

const fillCases = [
  fillCase([], 3.5),
  fillCase([7], 0),
  fillCase([3, 5, 11], -1.25),
  fillCase([1031], 0.1),
  fillCase([0], 1),
  fillCase([5], NaN),
  fillCase([5], -Infinity),
  fillCase([3, 111, 337], 2, true),
];

/** Counters as 16-bit limbs, lowest first: zero, carries through every limb, and the wrap at 2^64. */
const counters: readonly (readonly [string, readonly number[]])[] = [
  ["0", [0, 0, 0, 0]],
  ["7", [7, 0, 0, 0]],
  ["2^16 - 2", [65534, 0, 0, 0]],
  ["2^32 - 3", [65533, 65535, 0, 0]],
  ["2^48 - 1", [65535, 65535, 65535, 0]],
  ["2^53 + 11", [11, 0, 0, 32]],
  ["2^64 - 2", [65534, 65535, 65535, 65535]],
  // Where, under the key below, a uniform number that goes into a logarithm is exactly 0.
  ["7170240", [26816, 109, 0, 0]],
  ["14114837", [24597, 215, 0, 0]],
];
const seeds = [0, 1, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 5, 2 ** 53 - 1];

const randomCases = (["uniform", "normal"] as const).flatMap((distribution) => {
  const on = (title: string, shape: Shape, limbs: readonly number[], seed: number, large = false) =>
    makeCase(
      "random",
      `${distribution}, ${title}`,
      [{ shape: [4], values: listed(limbs) }],
      [shape],
      { distribution, seed },
      { tolerance: distribution === "uniform" ? EXACT : APPROXIMATION, large },
    );
  return [
    ...counters.map(([name, limbs]) => on(`counter ${name}`, [37], limbs, 1234567)),
    ...seeds.map((seed) => on(`seed ${seed}`, [5, 5], [3, 0, 0, 0], seed)),
    ...[[], [1], [2], [3], [4], [5], [0], [3, 7, 11], [1031]].map((shape) =>
      on(`[${shape}]`, shape, [1, 2, 3, 4], 99),
    ),
    on("large, across 2^32", [3, 111, 337], [60000, 65535, 1, 0], 2 ** 40 + 17, true),
  ];
});

export const movingCases: readonly ConformanceCase[] = [
  ...copyCases,
  ...gatherCases,
  ...fillCases,
  ...randomCases,
];
