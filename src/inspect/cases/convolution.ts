// Conformance cases of conv2d and its two adjoints: every geometry serves all three.

import type { ConvAttributes, Epilogue } from "../../backend/kernels.js";
import { listed, makeCase } from "./case.js";
import type { ConformanceCase, Shape } from "./case.js";
import { epilogueInputs, epilogues } from "./matmul.js";

interface Geometry {
  readonly x: readonly [n: number, h: number, w: number, ci: number];
  readonly kernel: readonly [number, number];
  readonly co: number;
  readonly strides?: readonly [number, number];
  readonly pad?: readonly [top: number, left: number, bottom: number, right: number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
  readonly upsample?: number;
  readonly large?: boolean;
}

/** Winograd's transforms cost a digit or two over direct summation. */
const TOLERANCE = 1e-9;

function shapesOf(geometry: Geometry): { x: Shape; w: Shape; y: Shape; attributes: ConvAttributes } {
  const { x, kernel, co, strides = [1, 1], pad = [0, 0, 0, 0], dilation = [1, 1] } = geometry;
  const { groups = 1, upsample = 1 } = geometry;
  const length = (axis: 0 | 1): number => {
    const padded = x[1 + axis] * upsample + pad[axis] + pad[axis + 2];
    return Math.floor((padded - dilation[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1;
  };
  return {
    x,
    w: [kernel[0], kernel[1], x[3] / groups, co],
    y: [x[0], length(0), length(1), co],
    attributes: { strides, padding: [pad[0], pad[1]], dilation, groups, upsample },
  };
}

function trio(name: string, geometry: Geometry, epilogue?: Epilogue): ConformanceCase[] {
  const { x, w, y, attributes } = shapesOf(geometry);
  const options = { tolerance: TOLERANCE, large: geometry.large };
  const withEpilogue = epilogue ? { ...attributes, epilogue } : attributes;
  const forward = [x, w, ...epilogueInputs(epilogue, geometry.co, y)];
  const backward = [y, w, ...epilogueInputs(epilogue, geometry.x[3], x)];
  return [
    makeCase("conv2d", name, forward, [y], withEpilogue, options),
    makeCase("conv2dInputGrad", name, backward, [x], withEpilogue, options),
    ...(epilogue ? [] : [makeCase("conv2dWeightGrad", name, [x, y], [w], attributes, options)]),
  ];
}

const same = (k: number): [number, number, number, number] => {
  const before = Math.floor((k - 1) / 2);
  const after = k - 1 - before;
  return [before, before, after, after];
};

const geometries: readonly (readonly [string, Geometry])[] = [
  ["1x1 kernel on one pixel", { x: [1, 1, 1, 1], kernel: [1, 1], co: 1 }],
  ["1x1, 5 to 7 channels", { x: [2, 5, 3, 5], kernel: [1, 1], co: 7 }],
  ["1x1, 64 to 48 channels", { x: [1, 9, 11, 64], kernel: [1, 1], co: 48 }],
  ["1x1, stride 2", { x: [1, 7, 9, 6], kernel: [1, 1], co: 10, strides: [2, 2] }],
  ["1x1 with padding", { x: [1, 4, 5, 3], kernel: [1, 1], co: 4, pad: [1, 2, 0, 1] }],
  ["3x3, 1 to 1 channels", { x: [1, 5, 6, 1], kernel: [3, 3], co: 1, pad: same(3) }],
  ["3x3, 1 to 32 channels", { x: [2, 11, 13, 1], kernel: [3, 3], co: 32, pad: same(3) }],
  ["3x3, 3 to 17 channels", { x: [1, 10, 7, 3], kernel: [3, 3], co: 17, pad: same(3) }],
  ["3x3, 4 to 4 channels", { x: [1, 8, 12, 4], kernel: [3, 3], co: 4, pad: same(3) }],
  ["3x3, 64 to 1 channels", { x: [1, 9, 11, 64], kernel: [3, 3], co: 1, pad: same(3) }],
  ["3x3, 32 to 3 channels", { x: [1, 13, 7, 32], kernel: [3, 3], co: 3, pad: same(3) }],
  ["3x3, 64 channels, 13x17", { x: [1, 13, 17, 64], kernel: [3, 3], co: 64, pad: same(3) }],
  ["3x3, 48 to 96 channels, 12x12", { x: [1, 12, 12, 48], kernel: [3, 3], co: 96, pad: same(3) }],
  ["3x3, 96 to 48 channels, 5x6", { x: [2, 5, 6, 96], kernel: [3, 3], co: 48, pad: same(3) }],
  ["3x3, prime channels, 19 to 23", { x: [1, 7, 11, 19], kernel: [3, 3], co: 23, pad: same(3) }],
  ["3x3, no padding", { x: [1, 9, 8, 8], kernel: [3, 3], co: 16 }],
  ["3x3, no padding, 1 output pixel", { x: [3, 3, 3, 16], kernel: [3, 3], co: 8 }],
  ["3x3, padding of 2", { x: [1, 6, 5, 8], kernel: [3, 3], co: 8, pad: [2, 2, 2, 2] }],
  ["3x3, padding on one side", { x: [1, 8, 7, 12], kernel: [3, 3], co: 16, pad: [0, 2, 2, 0] }],
  ["3x3, padding below the output's last window", { x: [1, 6, 6, 4], kernel: [3, 3], co: 5, pad: [1, 0, 0, 3] }],
  ["3x3 on an image of one row", { x: [1, 1, 19, 16], kernel: [3, 3], co: 16, pad: same(3) }],
  ["3x3 on an image of one column", { x: [1, 19, 1, 16], kernel: [3, 3], co: 16, pad: same(3) }],
  ["3x3, batch 5 of 4x4", { x: [5, 4, 4, 8], kernel: [3, 3], co: 24, pad: same(3) }],
  ["3x3, no images", { x: [0, 6, 6, 4], kernel: [3, 3], co: 4, pad: same(3) }],
  ["3x3, stride 2", { x: [2, 12, 10, 16], kernel: [3, 3], co: 32, strides: [2, 2], pad: [0, 0, 1, 1] }],
  ["3x3, stride 2, 64 channels", { x: [1, 13, 15, 64], kernel: [3, 3], co: 64, strides: [2, 2], pad: same(3) }],
  ["3x3, stride 2, odd size, last row unread", { x: [1, 12, 14, 5], kernel: [3, 3], co: 7, strides: [2, 2] }],
  ["3x3, stride 2, 1 to 16 channels", { x: [2, 14, 14, 1], kernel: [3, 3], co: 16, strides: [2, 2], pad: same(3) }],
  ["3x3, strides 2 and 3", { x: [1, 11, 14, 6], kernel: [3, 3], co: 9, strides: [2, 3], pad: [1, 0, 2, 1] }],
  ["3x3, stride 4: gaps", { x: [1, 14, 17, 5], kernel: [3, 3], co: 6, strides: [4, 4], pad: [1, 1, 0, 0] }],
  ["2x2, stride 2", { x: [2, 8, 10, 16], kernel: [2, 2], co: 32, strides: [2, 2] }],
  ["2x2, stride 2, prime channels", { x: [1, 6, 6, 13], kernel: [2, 2], co: 11, strides: [2, 2] }],
  ["2x2, stride 1", { x: [1, 7, 6, 9], kernel: [2, 2], co: 10, pad: same(2) }],
  ["2x3 kernel", { x: [1, 7, 8, 5], kernel: [2, 3], co: 6, pad: [1, 1, 0, 1] }],
  ["1x5 kernel", { x: [1, 3, 13, 8], kernel: [1, 5], co: 8, pad: [0, 2, 0, 2] }],
  ["5x1 kernel", { x: [1, 13, 3, 8], kernel: [5, 1], co: 8, pad: [2, 0, 2, 0] }],
  ["4x4, stride 2", { x: [1, 12, 10, 8], kernel: [4, 4], co: 12, strides: [2, 2], pad: [1, 1, 1, 1] }],
  ["5x5", { x: [1, 11, 9, 16], kernel: [5, 5], co: 24, pad: same(5) }],
  ["5x5, stride 2", { x: [1, 11, 13, 7], kernel: [5, 5], co: 9, strides: [2, 2], pad: [2, 1, 2, 2] }],
  ["5x5, 48 channels", { x: [1, 7, 9, 48], kernel: [5, 5], co: 48, pad: same(5) }],
  ["7x7", { x: [1, 13, 12, 12], kernel: [7, 7], co: 16, pad: same(7) }],
  ["7x7, 3 channels, stride 2", { x: [1, 17, 15, 3], kernel: [7, 7], co: 20, strides: [2, 2], pad: same(7) }],
  ["kernel larger than the image", { x: [1, 3, 2, 4], kernel: [7, 7], co: 4, pad: same(7) }],
  ["dilation 2", { x: [1, 11, 12, 8], kernel: [3, 3], co: 16, dilation: [2, 2], pad: [2, 2, 2, 2] }],
  ["dilations 3 and 1, strides 1 and 2", { x: [1, 13, 11, 5], kernel: [3, 3], co: 7, dilation: [3, 1], strides: [1, 2], pad: [3, 0, 2, 1] }],
  ["dilations 2 and 3, strides 3 and 2", { x: [2, 17, 19, 3], kernel: [3, 2], co: 5, dilation: [2, 3], strides: [3, 2], pad: [1, 2, 0, 3] }],
  ["3x3, stride 2, dilation 2: some pixels meet no tap, many channels", { x: [1, 6, 5, 288], kernel: [3, 3], co: 256, strides: [2, 2], dilation: [2, 2], pad: [2, 2, 2, 2] }],
  ["2 groups", { x: [1, 7, 9, 6], kernel: [3, 3], co: 10, groups: 2, pad: same(3) }],
  ["3 groups, stride 2, dilation 2", { x: [2, 11, 9, 9], kernel: [3, 3], co: 6, groups: 3, strides: [2, 2], dilation: [2, 2], pad: [1, 2, 3, 1] }],
  ["4 groups of 16 channels", { x: [1, 6, 7, 64], kernel: [3, 3], co: 64, groups: 4, pad: same(3) }],
  ["depthwise", { x: [1, 8, 9, 19], kernel: [3, 3], co: 19, groups: 19, pad: same(3) }],
  ["depthwise, few channels, rows wider than a vector", { x: [1, 9, 90, 5], kernel: [5, 3], co: 5, groups: 5, pad: [2, 2, 1, 1] }],
  ["depthwise, stride 2", { x: [2, 9, 14, 24], kernel: [3, 3], co: 24, groups: 24, strides: [2, 2], pad: same(3) }],
  ["depthwise, multiplier 2, stride 2", { x: [1, 9, 8, 8], kernel: [5, 5], co: 16, groups: 8, strides: [2, 2], pad: same(5) }],
  ["grouped 1x1", { x: [1, 5, 5, 12], kernel: [1, 1], co: 8, groups: 4 }],
  ["upsample 2, 3x3", { x: [1, 5, 7, 8], kernel: [3, 3], co: 16, upsample: 2, pad: same(3) }],
  ["upsample 2, 3x3, 64 to 32 channels", { x: [2, 6, 5, 64], kernel: [3, 3], co: 32, upsample: 2, pad: same(3) }],
  ["upsample 2, 3x3, no padding, prime channels", { x: [1, 4, 5, 7], kernel: [3, 3], co: 11, upsample: 2 }],
  ["upsample 2, 5x5, asymmetric", { x: [1, 5, 4, 6], kernel: [5, 5], co: 8, upsample: 2, pad: [3, 1, 0, 2] }],
  ["upsample 2, 3x3, stride 2", { x: [1, 6, 7, 4], kernel: [3, 3], co: 6, upsample: 2, strides: [2, 2], pad: same(3) }],
  ["upsample 2, 1x1", { x: [1, 4, 3, 9], kernel: [1, 1], co: 5, upsample: 2 }],
  ["upsample 2, 3x3, dilation 2", { x: [1, 4, 5, 6], kernel: [3, 3], co: 4, upsample: 2, dilation: [2, 2], pad: [2, 2, 2, 2] }],
  ["upsample 2, groups 2", { x: [1, 4, 4, 6], kernel: [3, 3], co: 8, upsample: 2, groups: 2, pad: same(3) }],
  ["upsample 3, 3x3", { x: [1, 3, 5, 5], kernel: [3, 3], co: 7, upsample: 3, pad: same(3) }],
  ["upsample 3, 4x4, stride 2", { x: [1, 4, 3, 3], kernel: [4, 4], co: 5, upsample: 3, strides: [2, 2], pad: [1, 2, 1, 0] }],
  ["large 3x3, 64 channels", { x: [2, 33, 31, 64], kernel: [3, 3], co: 64, pad: same(3), large: true }],
  ["large 3x3, 32 channels, 1 image of 65x63", { x: [1, 65, 63, 32], kernel: [3, 3], co: 32, pad: same(3), large: true }],
  ["large 3x3, stride 2, 32 to 64 channels", { x: [3, 40, 37, 32], kernel: [3, 3], co: 64, strides: [2, 2], pad: same(3), large: true }],
  ["large 3x3, 1 to 32 channels", { x: [4, 64, 61, 1], kernel: [3, 3], co: 32, pad: same(3), large: true }],
  ["large 3x3, 32 to 1 channels", { x: [4, 64, 61, 32], kernel: [3, 3], co: 1, pad: same(3), large: true }],
  ["large upsample 2, 3x3, 64 to 32 channels", { x: [2, 16, 17, 64], kernel: [3, 3], co: 32, upsample: 2, pad: same(3), large: true }],
  ["large 1x1, 96 to 96 channels", { x: [2, 41, 37, 96], kernel: [1, 1], co: 96, large: true }],
  ["large 5x5, 24 to 48 channels", { x: [2, 31, 29, 24], kernel: [5, 5], co: 48, pad: same(5), large: true }],
  ["large 2x2, stride 2, 32 to 64 channels", { x: [2, 64, 62, 32], kernel: [2, 2], co: 64, strides: [2, 2], large: true }],
]; // prettier-ignore

// Geometries that backends tend to serve with different kernels, each under every epilogue.
const underEpilogues: readonly (readonly [string, Geometry])[] = [
  ["3x3", { x: [2, 7, 9, 16], kernel: [3, 3], co: 16, pad: same(3) }],
  ["3x3, prime channels", { x: [1, 6, 5, 5], kernel: [3, 3], co: 7, pad: same(3) }],
  ["3x3, 1 to 16 channels", { x: [1, 7, 6, 1], kernel: [3, 3], co: 16, pad: same(3) }],
  ["3x3, 16 to 1 channels", { x: [1, 7, 6, 16], kernel: [3, 3], co: 1, pad: same(3) }],
  ["3x3, stride 2", { x: [1, 9, 8, 8], kernel: [3, 3], co: 12, strides: [2, 2], pad: same(3) }],
  ["1x1", { x: [1, 5, 7, 12], kernel: [1, 1], co: 20 }],
  ["2 groups", { x: [1, 5, 6, 8], kernel: [3, 3], co: 6, groups: 2, pad: same(3) }],
  ["upsample 2", { x: [1, 4, 5, 8], kernel: [3, 3], co: 8, upsample: 2, pad: same(3) }],
];

function nanInBias(): ConformanceCase {
  const { x, w, y, attributes } = shapesOf({ x: [1, 6, 7, 4], kernel: [3, 3], co: 10, pad: same(3) });
  const bias = { shape: [10], values: listed([1, NaN, -1, Infinity, -Infinity]) };
  const epilogue = { bias: true, activation: "relu" } as const;
  return makeCase("conv2d", "NaN in the bias passes relu", [x, w, bias], [y], { ...attributes, epilogue });
}

export const convolutionCases: readonly ConformanceCase[] = [
  ...geometries.flatMap(([name, geometry]) => trio(name, geometry)),
  ...underEpilogues.flatMap(([geometryName, geometry]) =>
    epilogues.flatMap(([name, epilogue]) => trio(`${geometryName}: ${name}`, geometry, epilogue)),
  ),
  nanInBias(),
];
