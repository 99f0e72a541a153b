// Conformance cases of pooling, resizing and folding.

import type { PoolAttributes } from "../../backend/kernels.js";
import { EXACT, fewIntegers, makeCase, normal, ROUNDING, sprinkled } from "./case.js";
import type { ConformanceCase, Shape, Values } from "./case.js";

type Four = readonly [number, number, number, number];

interface PoolGeometry {
  readonly x: Four;
  readonly window: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pad?: Four;
  readonly large?: boolean;
}

const pools: readonly (readonly [string, PoolGeometry])[] = [
  ["2x2, stride 2", { x: [2, 6, 8, 16], window: [2, 2], strides: [2, 2] }],
  ["2x2, stride 2, prime channels, odd size", { x: [1, 7, 9, 5], window: [2, 2], strides: [2, 2] }],
  ["2x2, stride 2, 1 channel", { x: [3, 10, 6, 1], window: [2, 2], strides: [2, 2] }],
  [
    "3x3, stride 2, padding 1: overlap",
    { x: [1, 9, 11, 7], window: [3, 3], strides: [2, 2], pad: [1, 1, 1, 1] },
  ],
  ["3x3, stride 1, padding 1", { x: [2, 5, 4, 8], window: [3, 3], strides: [1, 1], pad: [1, 1, 1, 1] }],
  ["3x2, strides 1 and 3: gaps", { x: [1, 8, 13, 3], window: [3, 2], strides: [1, 3] }],
  ["4x3, asymmetric padding", { x: [1, 9, 8, 6], window: [4, 3], strides: [3, 2], pad: [0, 2, 3, 1] }],
  ["the whole image", { x: [2, 5, 7, 9], window: [5, 7], strides: [5, 7] }],
  ["1x1 window", { x: [1, 3, 4, 5], window: [1, 1], strides: [1, 1] }],
  ["no images", { x: [0, 4, 4, 3], window: [2, 2], strides: [2, 2] }],
  ["large", { x: [3, 66, 62, 33], window: [2, 2], strides: [2, 2], large: true }],
];

function poolCases(name: string, geometry: PoolGeometry): ConformanceCase[] {
  const { x, window, strides, pad = [0, 0, 0, 0], large } = geometry;
  const length = (axis: 0 | 1) =>
    Math.floor((x[1 + axis] + pad[axis] + pad[axis + 2] - window[axis]) / strides[axis]) + 1;
  const y: Shape = [x[0], length(0), length(1), x[3]];
  const attributes = (kind: "max" | "average"): PoolAttributes => ({
    kind,
    window,
    strides,
    padding: [pad[0], pad[1]],
  });
  const input = (values: Values) => ({ shape: x, values });
  const max = attributes("max");
  const average = attributes("average");
  const maxOptions = { tolerance: EXACT, large };
  const sumOptions = { tolerance: ROUNDING, large };
  return [
    makeCase("pool2d", `max ${name}`, [x], [y], max, maxOptions),
    makeCase("pool2d", `max ${name}, with ties`, [input(fewIntegers)], [y], max, maxOptions),
    makeCase("pool2d", `max ${name}, of another tensor`, [input(fewIntegers), x], [y], max, maxOptions),
    makeCase("pool2d", `average ${name}`, [x], [y], average, sumOptions),
    makeCase("pool2dGrad", `max ${name}`, [x, y], [x], max, sumOptions),
    makeCase("pool2dGrad", `max ${name}, with ties`, [input(fewIntegers), y], [x], max, sumOptions),
    makeCase("pool2dGrad", `average ${name}`, [x, y], [x], average, sumOptions),
  ];
}

function poolSpecials(): ConformanceCase[] {
  const attributes = { kind: "max", window: [2, 2], strides: [2, 2], padding: [0, 0] } as const;
  const x = { shape: [1, 8, 6, 3], values: sprinkled(normal, [NaN, Infinity, -Infinity], 7) };
  const allMinusInfinity = { shape: [1, 4, 4, 5], values: () => -Infinity };
  return [
    makeCase("pool2d", "max passes NaN and infinities on", [x], [[1, 4, 3, 3]], attributes, {
      tolerance: EXACT,
    }),
    makeCase("pool2d", "max of minus infinities", [allMinusInfinity], [[1, 2, 2, 5]], attributes, {
      tolerance: EXACT,
    }),
    makeCase("pool2dGrad", "max at NaN and infinities", [x, [1, 4, 3, 3]], [x.shape], attributes, {
      tolerance: EXACT,
    }),
    makeCase(
      "pool2dGrad",
      "max of minus infinities",
      [allMinusInfinity, [1, 2, 2, 5]],
      [[1, 4, 4, 5]],
      attributes,
      {
        tolerance: EXACT,
      },
    ),
  ];
}

const resizes: readonly (readonly [string, Four, readonly [oh: number, ow: number]])[] = [
  ["twice as large", [2, 5, 7, 8], [10, 14]],
  ["twice as large, prime channels", [1, 4, 3, 5], [8, 6]],
  ["three times as large", [1, 3, 5, 3], [9, 15]],
  ["half as large", [1, 8, 6, 16], [4, 3]],
  ["up by odd ratios", [1, 5, 7, 3], [13, 11]],
  ["down by odd ratios", [1, 17, 13, 2], [7, 5]],
  ["up one way, down the other", [2, 6, 11, 4], [19, 3]],
  ["from one pixel", [1, 1, 1, 6], [4, 5]],
  ["to one pixel", [1, 7, 6, 3], [1, 1]],
  ["to the same size", [1, 4, 5, 7], [4, 5]],
  ["one pixel more", [1, 22, 23, 1], [23, 24]],
  ["no images", [0, 4, 4, 2], [8, 8]],
];

function resizeCases(
  name: string,
  x: Four,
  [oh, ow]: readonly [number, number],
  large = false,
): ConformanceCase[] {
  const y = [x[0], oh, ow, x[3]];
  return [
    makeCase("resize2d", `nearest ${name}`, [x], [y], { mode: "nearest" }, { tolerance: EXACT, large }),
    makeCase("resize2d", `bilinear ${name}`, [x], [y], { mode: "bilinear" }, { tolerance: 1e-10, large }),
    makeCase(
      "resize2dGrad",
      `nearest ${name}`,
      [y],
      [x],
      { mode: "nearest" },
      { tolerance: ROUNDING, large },
    ),
    makeCase("resize2dGrad", `bilinear ${name}`, [y], [x], { mode: "bilinear" }, { tolerance: 1e-10, large }),
  ];
}

function foldCases(block: number, [n, h, w, c]: Four, large = false): ConformanceCase[] {
  const unfolded = [n, h * block, w * block, c];
  const folded = [n, h, w, block * block * c];
  const name = `block ${block}, ${n}x${h}x${w}, ${c} channels`;
  const options = { tolerance: EXACT, large };
  return [
    makeCase("depthToSpace", name, [folded], [unfolded], { block }, options),
    makeCase("spaceToDepth", name, [unfolded], [folded], { block }, options),
  ];
}

export const windowCases: readonly ConformanceCase[] = [
  ...pools.flatMap(([name, geometry]) => poolCases(name, geometry)),
  ...poolSpecials(),
  ...resizes.flatMap(([name, x, size]) => resizeCases(name, x, size)),
  ...resizeCases("large, twice as large", [2, 33, 47, 24], [66, 94], true),
  ...foldCases(2, [1, 3, 4, 1]),
  ...foldCases(2, [2, 5, 3, 16]),
  ...foldCases(3, [1, 2, 5, 3]),
  ...foldCases(4, [1, 3, 2, 5]),
  ...foldCases(1, [1, 3, 2, 5]),
  ...foldCases(2, [0, 3, 4, 3]),
  ...foldCases(2, [2, 31, 37, 33], true),
];
