// Conformance cases of reduce, softmax and normalize with its gradient.

import {
  APPROXIMATION,
  EXACT,
  fewIntegers,
  listed,
  makeCase,
  normal,
  positive,
  scaled,
  sprinkled,
  uniform,
} from "./case.js";
import type { ConformanceCase, InputSpec, Shape, Values } from "./case.js";

const reductions = ["sum", "mean", "max", "min"] as const;
/** A sum of n float32 numbers in any sensible order. */
const SUM = 1e-10;

const reduced = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((n, axis) => (axes.includes(axis) ? 1 : n));

const axesCases: readonly (readonly [Shape, readonly number[]])[] = [
  [[], []],
  [[1], [0]],
  [[13], [0]],
  [[13], []],
  [[1031], [0]],
  [[7, 11], [0]],
  [[7, 11], [1]],
  [
    [7, 11],
    [0, 1],
  ],
  [[257, 3], [0]],
  [[3, 257], [1]],
  [[1, 9], [0]],
  [[9, 1], [1]],
  [[5, 4, 6], [1]],
  [
    [5, 4, 6],
    [0, 2],
  ],
  [
    [5, 4, 6],
    [1, 2],
  ],
  [
    [2, 5, 7, 16],
    [0, 1, 2],
  ],
  [
    [2, 5, 7, 16],
    [1, 2],
  ],
  [[2, 5, 7, 16], [3]],
  [
    [2, 5, 7, 3],
    [0, 3],
  ],
  [
    [2, 5, 7, 3],
    [0, 2],
  ],
  [
    [2, 3, 2, 5, 3],
    [1, 3],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [0, 2, 4],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [1, 3, 5],
  ],
  [
    [2, 3, 2, 3, 2, 3],
    [0, 1, 2, 3, 4, 5],
  ],
];

function reduceCase(
  name: (typeof reductions)[number],
  shape: Shape,
  axes: readonly number[],
  label = "",
  values: Values = normal,
  large = false,
): ConformanceCase {
  const title = `${name} of [${shape}] over [${axes}]${label && ", "}${label}`;
  const tolerance = name === "max" || name === "min" ? EXACT : SUM;
  const attributes = { function: name, axes };
  return makeCase("reduce", title, [{ shape, values }], [reduced(shape, axes)], attributes, {
    tolerance,
    large,
  });
}

const reduceCases = reductions.flatMap((name) => [
  ...axesCases.map(([shape, axes]) => reduceCase(name, shape, axes)),
  reduceCase(name, [300, 331], [0, 1], "large", uniform, true),
  reduceCase(name, [4, 61, 67, 16], [0, 1, 2], "large", uniform, true),
  reduceCase(name, [4, 61, 67, 16], [3], "large", normal, true),
  reduceCase(name, [100003], [0], "large", uniform, true),
  reduceCase(name, [6, 23], [1], "with NaN", sprinkled(normal, [NaN], 40)),
  reduceCase(name, [23, 6], [0], "with NaN", sprinkled(normal, [NaN], 40)),
  reduceCase(name, [6, 23], [1], "with infinities", sprinkled(normal, [Infinity, -Infinity, Infinity], 23)),
]);

const softmaxShapes: readonly Shape[] = [
  [1, 1],
  [3, 2],
  [5, 10],
  [7, 13],
  [2, 1000],
  [37, 1],
  [1, 17],
  [0, 5],
  [33, 64],
];

const softmaxCases = [false, true].flatMap((log) => {
  const prefix = log ? "log, " : "";
  const on = (label: string, shape: Shape, values: Values, large = false) =>
    makeCase("softmax", `${prefix}${label}`, [{ shape, values }], [shape], log ? { log } : {}, {
      tolerance: APPROXIMATION,
      large,
    });
  return [
    ...softmaxShapes.map((shape) => on(`[${shape}]`, shape, scaled(3))),
    on("large", [211, 301], scaled(3), true),
    on("arguments around 1000", [4, 9], scaled(5, 1000)),
    on("arguments around -1000", [4, 9], scaled(5, -1000)),
    on("some minus infinities", [5, 8], sprinkled(normal, [-Infinity], 3)),
    on("NaN spoils its row only", [5, 8], sprinkled(normal, [NaN], 16)),
  ];
});

const normalizeShapes: readonly Shape[] = [
  [1, 1],
  [2, 3],
  [7, 5],
  [13, 16],
  [64, 33],
  [257, 3],
  [3, 257],
  [1, 8],
  [8, 1],
];
/** Products of sums of products: a digit less than a sum. */
const MOMENTS = 1e-9;

function normalizeCase(
  axis: 0 | 1,
  shape: Shape,
  label: string,
  values: Values,
  large = false,
): ConformanceCase {
  const moments = [shape[1 - axis]];
  return makeCase(
    "normalize",
    `axis ${axis}, [${shape}]${label && ", "}${label}`,
    [{ shape, values }],
    [shape, moments, moments, moments],
    { axis, epsilon: 1e-3 },
    { tolerance: MOMENTS, large },
  );
}

function normalizeGradCase(axis: 0 | 1, shape: Shape, large = false): ConformanceCase {
  const inverseStd: InputSpec = { shape: [shape[1 - axis]], values: positive };
  return makeCase(
    "normalizeGrad",
    `axis ${axis}, [${shape}]`,
    [shape, inverseStd, shape],
    [shape],
    { axis },
    {
      tolerance: MOMENTS,
      large,
    },
  );
}

const normalizeCases = ([0, 1] as const).flatMap((axis) => [
  ...normalizeShapes.flatMap((shape) => [
    normalizeCase(axis, shape, "", normal),
    normalizeGradCase(axis, shape),
  ]),
  normalizeCase(axis, [91, 12], "far from zero", scaled(1, 30)),
  normalizeCase(axis, [11, 12], "all equal", listed([2.5])),
  normalizeCase(axis, [11, 12], "small numbers", scaled(1e-3)),
  normalizeCase(axis, [11, 12], "few values", fewIntegers),
  normalizeCase(axis, [4099, 31], "large", normal, true),
  normalizeGradCase(axis, [4099, 31], true),
  normalizeCase(axis, [67, 509], "large", normal, true),
  normalizeGradCase(axis, [67, 509], true),
]);

export const axesCasesOfAll: readonly ConformanceCase[] = [
  ...reduceCases,
  ...softmaxCases,
  ...normalizeCases,
];
