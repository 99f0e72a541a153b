// Conformance cases of matmul.

import type { Epilogue, MatmulAttributes } from "../../backend/kernels.js";
import { listed, makeCase, normal, scaled, sprinkled } from "./case.js";
import type { ConformanceCase, InputSpec, Shape } from "./case.js";

/** The shapes of the two factors of an m x k by k x n product, as the attributes store them. */
function factorShapes(
  [batchA, batchB]: readonly [number, number],
  [m, k, n]: readonly [number, number, number],
  { transposeA, transposeB }: MatmulAttributes,
): [Shape, Shape] {
  return [transposeA ? [batchA, k, m] : [batchA, m, k], transposeB ? [batchB, n, k] : [batchB, k, n]];
}

/** The operands that an epilogue adds. `saved` is drawn so that every activation's output could be it. */
export function epilogueInputs(epilogue: Epilogue | undefined, channels: number, out: Shape): InputSpec[] {
  return [
    ...(epilogue?.bias ? [{ shape: [channels], values: normal }] : []),
    ...(epilogue?.residual ? [{ shape: out, values: normal }] : []),
    ...(epilogue?.gradientOf ? [{ shape: out, values: sprinkled(scaled(0.5), [0], 5) }] : []),
  ];
}

/** Every part of an epilogue alone, and all together. */
export const epilogues: readonly (readonly [name: string, epilogue: Epilogue])[] = [
  ["bias", { bias: true }],
  ["residual", { residual: true }],
  ["relu", { activation: "relu" }],
  ["bias, relu", { bias: true, activation: "relu" }],
  ["bias, leakyRelu of slope 0.01", { bias: true, activation: "leakyRelu", alpha: 0.01 }],
  ["leakyRelu of the default slope", { activation: "leakyRelu" }],
  ["bias, sigmoid", { bias: true, activation: "sigmoid" }],
  ["bias, tanh", { bias: true, activation: "tanh" }],
  ["bias, residual, relu", { bias: true, residual: true, activation: "relu" }],
  ["gradient of relu", { gradientOf: "relu" }],
  ["gradient of leakyRelu", { gradientOf: "leakyRelu", alpha: 0.3 }],
  ["gradient of sigmoid", { gradientOf: "sigmoid" }],
  ["gradient of tanh", { gradientOf: "tanh" }],
  ["residual, gradient of relu", { residual: true, gradientOf: "relu" }],
  ["all parts", { bias: true, residual: true, activation: "tanh", gradientOf: "leakyRelu", alpha: 0.1 }],
];

function product(
  name: string,
  sizes: readonly [m: number, k: number, n: number],
  attributes: MatmulAttributes = {},
  { batch = [1, 1], large = false }: { batch?: readonly [number, number]; large?: boolean } = {},
): ConformanceCase {
  const [a, b] = factorShapes(batch, sizes, attributes);
  const out = [batch[0] === 1 ? batch[1] : batch[0], sizes[0], sizes[2]];
  const extra = epilogueInputs(attributes.epilogue, sizes[2], out);
  const title = `${sizes.join("x")}${name && ", "}${name}`;
  const inputs = [a, b, ...extra];
  return makeCase("matmul", title, inputs, [out], attributes, { tolerance: 1e-10, large });
}

const transposes: readonly (readonly [string, MatmulAttributes])[] = [
  ["plain", {}],
  ["a transposed", { transposeA: true }],
  ["b transposed", { transposeB: true }],
  ["both transposed", { transposeA: true, transposeB: true }],
];

// Sizes on both sides of the register and cache blocks that kernels use.
const sizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1], [1, 7, 1], [1, 64, 33], [37, 5, 1], [2, 3, 2], [5, 1, 9], [6, 16, 16], [7, 17, 15], [13, 31, 17],
  [12, 8, 48], [16, 16, 16], [31, 29, 37], [64, 64, 64], [65, 67, 63], [3, 257, 31], [8, 4099, 3], [1, 1000, 129],
  [129, 33, 1], [100, 3, 5], [61, 131, 127],
]; // prettier-ignore

export const matmulCases: readonly ConformanceCase[] = [
  ...sizes.flatMap((size) => transposes.map(([name, attributes]) => product(name, size, attributes))),
  ...transposes.flatMap(([name, attributes]) => [
    product(`batch 3, ${name}`, [11, 13, 19], attributes, { batch: [3, 3] }),
    product(`batch of a repeated, ${name}`, [5, 9, 18], attributes, { batch: [1, 4] }),
    product(`batch of b repeated, ${name}`, [9, 5, 21], attributes, { batch: [4, 1] }),
    product(`large, ${name}`, [193, 389, 211], attributes, { large: true }),
  ]),
  product("no batch", [3, 4, 5], {}, { batch: [0, 0] }),
  product("no rows", [0, 4, 5]),
  product("no columns", [3, 4, 0]),
  product("no columns, a long sum of nothing", [3, 40, 0]),
  ...epilogues.map(([name, epilogue]) => product(name, [13, 21, 35], { epilogue })),
  ...epilogues.map(([name, epilogue]) => product(`three columns, ${name}`, [67, 37, 3], { epilogue })),
  ...epilogues.map(([name, epilogue]) =>
    product(`batch 2, transposed, ${name}`, [7, 10, 17], { transposeB: true, epilogue }, { batch: [2, 2] }),
  ),
  product(
    "large, bias, relu",
    [257, 300, 130],
    { epilogue: { bias: true, activation: "relu" } },
    { large: true },
  ),
  product("huge, b transposed", [520, 513, 514], { transposeB: true }, { large: true }),
  makeCase(
    "matmul",
    "NaN and infinities in a stay in their rows",
    [{ shape: [1, 20, 13], values: sprinkled(normal, [NaN, Infinity, -Infinity], 39, 20) }, [1, 13, 18]],
    [[1, 20, 18]],
    {},
  ),
  makeCase(
    "matmul",
    "NaN in the bias passes relu",
    [[1, 9, 6], [1, 6, 21], { shape: [21], values: listed([1, NaN, -1, Infinity, -Infinity]) }],
    [[1, 9, 21]],
    { epilogue: { bias: true, activation: "relu" } },
  ),
];
