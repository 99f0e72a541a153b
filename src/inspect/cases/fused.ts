// Conformance cases of elementwise: chains as the fusion pass makes them, and each step that there is.

import type { BinaryFunction, ElementwiseStep, UnaryFunction } from "../../backend/kernels.js";
import { APPROXIMATION, makeCase, normal, positive, scaled } from "./case.js";
import type { ConformanceCase, InputSpec, Shape } from "./case.js";

interface Chain {
  readonly name: string;
  /** The shapes of the inputs for an output of `shape`. */
  inputs(shape: Shape): readonly InputSpec[];
  readonly steps: readonly ElementwiseStep[];
  readonly results: readonly number[];
}

const full = (shape: Shape): InputSpec => ({ shape, values: normal });
const channels = (shape: Shape): InputSpec => ({ shape: shape.slice(-1), values: normal });
const single: InputSpec = { shape: [1], values: normal };
const scalar: InputSpec = { shape: [], values: positive };
const unary = (name: UnaryFunction, a: number, alpha?: number): ElementwiseStep =>
  alpha === undefined ? { op: "unary", function: name, a } : { op: "unary", function: name, a, alpha };
const binary = (name: BinaryFunction, a: number, b: number): ElementwiseStep => ({
  op: "binary",
  function: name,
  a,
  b,
});
const unaryGrad = (name: UnaryFunction, a: number, b: number): ElementwiseStep =>
  ({ op: "unaryGrad", function: name, a, b }); // prettier-ignore

const chains: readonly Chain[] = [
  { name: "one step", inputs: (s) => [full(s)], steps: [unary("tanh", 0)], results: [1] },
  {
    name: "bias, leakyRelu of slope 0.1",
    inputs: (s) => [full(s), channels(s)],
    steps: [binary("add", 0, 1), unary("leakyRelu", 2, 0.1)],
    results: [3],
  },
  {
    name: "scale and shift of a normalised tensor, relu",
    inputs: (s) => [full(s), channels(s), channels(s)],
    steps: [binary("mul", 0, 1), binary("add", 3, 2), unary("relu", 4)],
    results: [5],
  },
  {
    name: "Charbonnier: sqrt((a - b)^2 + epsilon)",
    inputs: (s) => [full(s), full(s), scalar],
    steps: [binary("sub", 0, 1), unary("square", 3), binary("add", 4, 2), unary("sqrt", 5)],
    results: [6],
  },
  {
    name: "three results, one of them early",
    inputs: (s) => [full(s), full(s), single],
    steps: [binary("mul", 0, 2), binary("sub", 3, 1), unary("sigmoid", 4), binary("mul", 5, 0)],
    results: [3, 5, 6],
  },
  {
    name: "gradient of a sum of losses",
    inputs: (s) => [full(s), full(s), full(s), single],
    steps: [unaryGrad("relu", 0, 1), unaryGrad("gelu", 2, 4), binary("mul", 5, 3), unaryGrad("tanh", 0, 6)],
    results: [7],
  },
  {
    name: "select between two functions",
    inputs: (s) => [full(s), full(s), single],
    steps: [
      binary("greater", 0, 2),
      unary("softplus", 0),
      unary("neg", 1),
      { op: "select", a: 3, b: 4, c: 5 },
    ],
    results: [6],
  },
  {
    name: "a register used many times",
    inputs: (s) => [full(s)],
    steps: [
      binary("mul", 0, 0),
      binary("mul", 1, 0),
      binary("add", 2, 1),
      binary("add", 3, 0),
      binary("max", 4, 0),
    ],
    results: [5],
  },
  {
    name: "24 steps",
    inputs: (s) => [{ shape: s, values: scaled(0.5) }, full(s)],
    steps: Array.from({ length: 24 }, (_, i) =>
      i % 2 === 0 ? binary("add", i + 1, 1) : unary(i % 4 === 1 ? "tanh" : "sin", i + 1),
    ),
    results: [25],
  },
  {
    name: "8 inputs",
    inputs: (s) => [full(s), full(s), full(s), full(s), channels(s), channels(s), single, full(s)],
    steps: Array.from({ length: 7 }, (_, i) => binary(i % 2 ? "sub" : "add", i === 0 ? 0 : 7 + i, i + 1)),
    results: [14],
  },
];

const everyUnary: readonly UnaryFunction[] = [
  "linear", "relu", "leakyRelu", "sigmoid", "tanh", "softplus", "silu", "gelu", "exp", "log", "sqrt", "rsqrt",
  "square", "abs", "sign", "neg", "reciprocal", "sin", "cos", "floor", "ceil", "round", "erf",
]; // prettier-ignore
const everyBinary: readonly BinaryFunction[] = [
  "add", "sub", "mul", "div", "max", "min", "pow", "greater", "greaterEqual", "less", "lessEqual", "equal",
]; // prettier-ignore

const chainCase = (chain: Chain, shape: Shape, large = false): ConformanceCase =>
  makeCase(
    "elementwise",
    `${chain.name}, [${shape}]`,
    chain.inputs(shape),
    chain.results.map(() => shape),
    { steps: chain.steps, results: chain.results },
    { tolerance: APPROXIMATION, large },
  );

/** Positive inputs, so that every function may be asked; a last step keeps the chain a chain. */
function stepCase(step: ElementwiseStep, inputs: number, name: string): ConformanceCase {
  const shape = [3, 29];
  const chain: Chain = {
    name,
    inputs: () => Array.from({ length: inputs }, () => ({ shape, values: positive })),
    steps: [step, binary("add", inputs, 0)],
    results: [inputs, inputs + 1],
  };
  return chainCase(chain, shape);
}

export const fusedCases: readonly ConformanceCase[] = [
  ...chains.flatMap((chain) => [
    chainCase(chain, [5, 13]),
    chainCase(chain, [2, 3, 5, 16]),
    chainCase(chain, [1, 1, 1, 1]),
    chainCase(chain, [1031]),
    chainCase(chain, [0, 7]),
    chainCase(chain, [3, 111, 337], true),
  ]),
  ...everyUnary.map((name) => stepCase(unary(name, 0), 1, `the step ${name}`)),
  ...everyUnary.map((name) => stepCase(unaryGrad(name, 0, 1), 2, `the step unaryGrad of ${name}`)),
  ...everyBinary.map((name) => stepCase(binary(name, 0, 1), 2, `the step ${name}`)),
];
