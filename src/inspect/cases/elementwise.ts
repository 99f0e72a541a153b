// Conformance cases of unary, unaryGrad, binary and select.

import { DEFAULT_ALPHA } from "../../backend/attributes.js";
import { gradientFromOutput } from "../../backend/kernels.js";
import type { BinaryFunction, UnaryFunction } from "../../backend/kernels.js";
import { unaryFunctions } from "../../backend/reference/functions.js";
import { APPROXIMATION, DEFAULT_TOLERANCE, EXACT, fewIntegers, listed, makeCase, normal, positive, ROUNDING, scaled, sprinkled, uniform } from "./case.js"; // prettier-ignore
import type { ConformanceCase, Shape, Values } from "./case.js";

/** How close each function must be: exact where one rounding (or none) is all there is. */
const tolerances: { readonly [F in UnaryFunction]: number } = {
  linear: EXACT, relu: EXACT, square: EXACT, abs: EXACT, sign: EXACT, neg: EXACT,
  floor: EXACT, ceil: EXACT, round: EXACT, erf: APPROXIMATION,
  leakyRelu: ROUNDING, sqrt: ROUNDING, rsqrt: ROUNDING, reciprocal: ROUNDING,
  sigmoid: APPROXIMATION, tanh: APPROXIMATION, softplus: APPROXIMATION, silu: APPROXIMATION, gelu: APPROXIMATION,
  exp: APPROXIMATION, log: APPROXIMATION, sin: APPROXIMATION, cos: APPROXIMATION,
}; // prettier-ignore

const names = Object.keys(tolerances) as UnaryFunction[];
const onPositive: ReadonlySet<UnaryFunction> = new Set(["log", "sqrt", "rsqrt"]);
const withAlpha: ReadonlySet<UnaryFunction> = new Set(["leakyRelu"]);
/** Where 1/x is steep, keep away from 0. */
const awayFromZero: Values = (random) => (random.uniform() < 0.5 ? -1 : 1) * positive(random, 0);

function domain(name: UnaryFunction): Values {
  if (onPositive.has(name)) return positive;
  return name === "reciprocal" ? awayFromZero : scaled(2);
}

/** f(NaN), f(Infinity) and f(-Infinity), where every machine agrees on them. */
const specials: { readonly [F in UnaryFunction]?: readonly number[] } = {
  linear: [NaN, Infinity, -Infinity],
  relu: [NaN, Infinity, -Infinity, 0, -0],
  leakyRelu: [NaN, Infinity, -Infinity, 0],
  sigmoid: [NaN, Infinity, -Infinity, 0, 100, -100],
  tanh: [NaN, Infinity, -Infinity, 0, 50, -50],
  softplus: [NaN, Infinity, -Infinity, 0, 100, -100, 1e30],
  silu: [NaN, Infinity, 0, 100, -100],
  gelu: [NaN, Infinity, 0, 20, -20],
  exp: [NaN, Infinity, -Infinity, 0],
  log: [NaN, Infinity, 0, -1],
  sqrt: [NaN, Infinity, 0, -1],
  rsqrt: [NaN, Infinity, 0, -1],
  square: [NaN, Infinity, -Infinity],
  abs: [NaN, Infinity, -Infinity, 0],
  sign: [NaN, Infinity, -Infinity, 0],
  neg: [NaN, Infinity, -Infinity, 0],
  reciprocal: [NaN, Infinity, -Infinity],
  sin: [NaN, Infinity, 0],
  cos: [NaN, -Infinity, 0],
  floor: [NaN, Infinity, -Infinity, 0, 1, -1, 2.5, -2.5, 4194304.5, -8388607.5, 1e30],
  ceil: [NaN, Infinity, -Infinity, 0, 1, -1, 2.5, -2.5, 4194304.5, -8388607.5, 1e30],
  round: [NaN, Infinity, -Infinity, 0, 1, -1, 2.5, -2.5, 3.5, -0.5, 4194304.5, -8388607.5, 1e30],
  erf: [NaN, Infinity, -Infinity, 0, 1, -1, 6, -6, 30],
};

const shapes: readonly Shape[] = [[], [1], [7], [3, 5, 11], [1031], [0], [2, 0, 3]];

function unaryCases(name: UnaryFunction): ConformanceCase[] {
  const values = domain(name);
  const tolerance = tolerances[name];
  const attributes = { function: name };
  const on = (
    label: string,
    shape: Shape,
    of: Values,
    options: { tolerance?: number; large?: boolean } = {},
  ) =>
    makeCase("unary", `${name}, ${label}`, [{ shape, values: of }], [shape], attributes, {
      tolerance,
      ...options,
    });
  const cases = shapes.map((shape) => on(`[${shape}]`, shape, values));
  cases.push(on("large", [3, 111, 337], values, { large: true }));
  const special = specials[name];
  if (special) cases.push(on("special values", [5 * special.length + 2], listed([...special, 1, 0.5])));
  if (!onPositive.has(name) && name !== "reciprocal") {
    cases.push(
      on("small arguments", [67], scaled(1e-3), { tolerance: Math.max(tolerance, DEFAULT_TOLERANCE) }),
    );
    cases.push(on("from -12 to 12", [97], (_, i) => (i - 48) / 4));
  }
  if (name === "softplus" || name === "sigmoid" || name === "exp")
    cases.push(on("from -40 to -10", [61], (_, i) => -10 - i / 2, { tolerance: DEFAULT_TOLERANCE }));
  if (name === "gelu") cases.push(on(...geluTail));
  if (withAlpha.has(name)) {
    const x = { shape: [101], values };
    cases.push(
      makeCase("unary", `${name}, alpha 0.01`, [x], [[101]], { function: name, alpha: 0.01 }, { tolerance }),
    );
  }
  return cases;
}

/** Where 1 + tanh(u) would keep only the rounding of its two numbers. */
const geluTail: [string, Shape, Values] = ["from -6 to -3", [31], (_, i) => -3 - i / 10];

/** What a forward pass would have saved: f's output or its input. */
function saved(name: UnaryFunction, values: Values): Values {
  if (!gradientFromOutput.has(name)) return values;
  return (random, index) => unaryFunctions[name].value(values(random, index), DEFAULT_ALPHA);
}

/** Where a derivative passes through 0 as the difference of two numbers near 0.25, whose rounding is all that is left of it. */
const turns: { readonly [F in UnaryFunction]?: number } = { gelu: -0.7518, silu: -1.2785 };

const awayFromTurn =
  (values: Values, turn: number): Values =>
  (random, index) => {
    const x = values(random, index);
    return Math.abs(x - turn) < 0.1 ? -x : x;
  };

const derivativeIsExact: ReadonlySet<UnaryFunction> = new Set(["linear", "relu", "abs", "sign", "neg"]);

function unaryGradCases(name: UnaryFunction): ConformanceCase[] {
  const tolerance = derivativeIsExact.has(name) ? EXACT : Math.max(tolerances[name], ROUNDING);
  const on = (
    label: string,
    shape: Shape,
    values: Values,
    options: { alpha?: number; large?: boolean } = {},
  ) => {
    const attributes =
      options.alpha === undefined ? { function: name } : { function: name, alpha: options.alpha };
    const inputs = [{ shape, values: saved(name, values) }, shape];
    return makeCase("unaryGrad", `${name}, ${label}`, inputs, [shape], attributes, {
      tolerance,
      large: options.large,
    });
  };
  const values = name in turns ? awayFromTurn(domain(name), turns[name]!) : domain(name);
  const cases = shapes.map((shape) => on(`[${shape}]`, shape, values));
  cases.push(on("large", [3, 111, 337], domain(name), { large: true }));
  if (!onPositive.has(name) && name !== "reciprocal") {
    cases.push(on("zeros among the arguments", [53], sprinkled(normal, [0], 3)));
    cases.push(on("from -6 to 6", [97], (_, i) => (i - 48) / 8));
  }
  if (name === "gelu") cases.push(on(...geluTail));
  if (withAlpha.has(name)) cases.push(on("alpha 0.01", [101], normal, { alpha: 0.01 }));
  return cases;
}

function unaryGradSpecials(): ConformanceCase[] {
  const dy = { shape: [37], values: sprinkled(normal, [NaN, Infinity, -Infinity], 5) };
  const positiveSaved = { shape: [37], values: uniform };
  return (["linear", "relu", "leakyRelu", "exp", "square", "neg"] as const).map((name) =>
    makeCase(
      "unaryGrad",
      `${name}, NaN and infinities in dy`,
      [positiveSaved, dy],
      [[37]],
      { function: name },
      {
        tolerance: ROUNDING,
      },
    ),
  );
}

const binaryNames: readonly BinaryFunction[] = [
  "add", "sub", "mul", "div", "max", "min", "pow", "greater", "greaterEqual", "less", "lessEqual", "equal",
]; // prettier-ignore

function binaryTolerance(name: BinaryFunction): number {
  if (name === "pow") return APPROXIMATION;
  return name === "div" ? ROUNDING : EXACT;
}

/** Shapes of a and b, which broadcast together. */
const broadcasts: readonly (readonly [a: Shape, b: Shape])[] = [
  [[], []],
  [[1], []],
  [[17], [17]],
  [[1031], [1]],
  [[1], [1031]],
  [[], [4, 3]],
  [[13, 7], [7]],
  [[7], [13, 7]],
  [
    [13, 7],
    [13, 1],
  ],
  [
    [13, 1],
    [1, 7],
  ],
  [[2, 5, 6, 8], [8]],
  [
    [2, 5, 6, 8],
    [2, 1, 1, 8],
  ],
  [
    [2, 5, 6, 8],
    [2, 5, 6, 1],
  ],
  [
    [2, 5, 6, 8],
    [5, 1, 8],
  ],
  [
    [2, 1, 6, 1],
    [1, 5, 1, 8],
  ],
  [
    [3, 1, 2, 1, 4],
    [1, 5, 1, 3, 4],
  ],
  [
    [2, 3, 1, 2, 3, 2],
    [2, 3, 2, 2, 3, 2],
  ],
  [
    [2, 1, 2, 1, 2, 1],
    [1, 3, 1, 3, 1, 3],
  ],
  [[0, 3], [3]],
  [
    [4, 0],
    [4, 1],
  ],
];

function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, axis: number) => shape[axis - (rank - shape.length)] ?? 1;
  return Array.from({ length: rank }, (_, axis) => (at(a, axis) === 1 ? at(b, axis) : at(a, axis)));
}

function binaryCase(name: BinaryFunction, label: string, a: Shape, b: Shape, large = false): ConformanceCase {
  const comparison = binaryTolerance(name) === EXACT && !["add", "sub", "mul"].includes(name);
  const left = name === "pow" ? positive : comparison ? fewIntegers : normal;
  const right = name === "div" ? awayFromZero : comparison ? fewIntegers : normal;
  return makeCase(
    "binary",
    `${name}, ${label}`,
    [
      { shape: a, values: left },
      { shape: b, values: right },
    ],
    [broadcastShape(a, b)],
    { function: name },
    { tolerance: binaryTolerance(name), large },
  );
}

function binarySpecials(name: BinaryFunction): ConformanceCase {
  // Every pair of these; pow, on whose corner cases machines differ, sees NaN only.
  const numbers = name === "pow" ? [NaN, 2, 0.5] : [NaN, Infinity, -Infinity, 1.5, -2];
  const n = numbers.length;
  return makeCase(
    "binary",
    `${name}, special values`,
    [
      { shape: [n, 1], values: listed(numbers) },
      { shape: [1, n], values: listed(numbers) },
    ],
    [[n, n]],
    { function: name },
    { tolerance: ROUNDING },
  );
}

function selectCase(label: string, shape: Shape, condition: Values, large = false): ConformanceCase {
  const inputs = [{ shape, values: condition }, shape, { shape, values: sprinkled(normal, [NaN, Infinity]) }];
  return makeCase("select", label, inputs, [shape], {}, { tolerance: EXACT, large });
}

export const elementwiseCases: readonly ConformanceCase[] = [
  ...names.flatMap(unaryCases),
  ...names.flatMap(unaryGradCases),
  ...unaryGradSpecials(),
  ...broadcasts.flatMap(([a, b]) =>
    (a.length === 2 || b.length === 2 ? binaryNames : (["add", "sub", "max"] as const)).map((name) =>
      binaryCase(name, `[${a}] with [${b}]`, a, b),
    ),
  ),
  ...binaryNames.flatMap((name) => [
    binaryCase(name, "large", [3, 111, 337], [3, 111, 337], true),
    binaryCase(name, "large, [337] repeated", [3, 111, 337], [337], true),
    binarySpecials(name),
  ]),
  ...shapes.map((shape) => selectCase(`[${shape}]`, shape, fewIntegers)),
  selectCase("conditions that are not 0 or 1", [33], listed([0, 1, -1, 0.001, -0, NaN, Infinity])),
  selectCase("large", [3, 111, 337], fewIntegers, true),
];
