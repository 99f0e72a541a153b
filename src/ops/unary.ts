// Functions of one tensor, element by element, and their first and second derivatives.
//
//   y = f(x)   dx = dy f'(.)       f' is written in terms of y for the functions in `gradientFromOutput` (relu, sigmoid, ...),
//                                  so that x need not be kept, and in terms of x for the others
// unaryGrad is itself an operation, (saved, dy) -> dy f'(saved), so that gradients of gradients work:
//   d/d(dy)    = unaryGrad(saved, g)
//   d/d(saved) = g dy f''           with f'' the derivative of that expression in `saved`

import { gradientFromOutput, type UnaryFunction } from "../backend/kernels.js";
import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { add, div, mul, sub } from "./binary.js";
import { expectTensor } from "./expect.js";

function unary(name: UnaryFunction, x: Tensor, alpha?: number): Tensor {
  expectTensor(name, x);
  const y = run("unary", [x], x.shape, { function: name, alpha });
  const saved = gradientFromOutput.has(name) ? y : x;
  return differentiable(name, [x], y, (dy) => [() => unaryGrad(name, saved, dy, alpha)]);
}

function unaryGrad(name: UnaryFunction, saved: Tensor, dy: Tensor, alpha?: number): Tensor {
  const dx = run("unaryGrad", [saved, dy], saved.shape, { function: name, alpha });
  const second = slopeOfDerivative[name];
  return differentiable(`${name}Grad`, [saved, dy], dx, (g) => [
    second ? () => mul(mul(g, dy), second(saved)) : null,
    () => unaryGrad(name, saved, g, alpha),
  ]);
}

/** d f'/d saved. Functions that are not listed have a piecewise constant derivative. */
const slopeOfDerivative: Partial<Record<UnaryFunction, (saved: Tensor) => Tensor>> = {
  sigmoid: (y) => sub(1, mul(2, y)), // f' = y (1 - y)
  tanh: (y) => mul(-2, y), // f' = 1 - y^2
  softplus: (y) => exp(neg(y)), // f' = 1 - e^-y
  exp: (y) => add(mul(0, y), 1), // f' = y
  sqrt: (y) => div(-0.5, square(y)), // f' = 1/(2y)
  rsqrt: (y) => mul(-1.5, square(y)), // f' = -y^3/2
  reciprocal: (y) => mul(-2, y), // f' = -y^2
  log: (x) => neg(reciprocal(square(x))), // f' = 1/x
  square: (x) => add(mul(0, x), 2), // f' = 2x
  sin: (x) => neg(sin(x)), // f' = cos x
  cos: (x) => neg(cos(x)), // f' = -sin x
  erf: (x) => mul(mul(-4 / Math.sqrt(Math.PI), x), exp(neg(square(x)))), // f' = 2/sqrt(pi) e^(-x^2)
  // f' = s + x s (1-s) with s = sigmoid(x), hence f'' = s (1-s) (2 + x (1 - 2s))
  silu: (x) => {
    const s = sigmoid(x);
    return mul(mul(s, sub(1, s)), add(2, mul(x, sub(1, mul(2, s)))));
  },
  // f = x/2 (1+t), t = tanh u, u = c (x + a x^3): f'' = (1-t^2) (u' + x/2 (u'' - 2 t u'^2))
  gelu: (x) => {
    const c = Math.sqrt(2 / Math.PI);
    const a = 0.044715;
    const x2 = square(x);
    const t = tanh(mul(c, mul(x, add(1, mul(a, x2)))));
    const u1 = mul(c, add(1, mul(3 * a, x2)));
    const u2 = mul(6 * a * c, x);
    return mul(sub(1, square(t)), add(u1, mul(mul(0.5, x), sub(u2, mul(mul(2, t), square(u1))))));
  },
};

/** max(x, 0), element by element; its derivative at 0 is 0. */
export const relu = (x: Tensor): Tensor => unary("relu", x);
/** x for x > 0, alpha x otherwise, element by element; alpha >= 0 (default 0.2), so that the sign of the output is that of x. */
export function leakyRelu(x: Tensor, alpha = 0.2): Tensor {
  if (!(alpha >= 0))
    throw new UserError(`leakyRelu: alpha must be a number of at least 0, not ${describe(alpha)}.`);
  return unary("leakyRelu", x, alpha);
}
/** 1 / (1 + e^-x), element by element. */
export const sigmoid = (x: Tensor): Tensor => unary("sigmoid", x);
/** (e^x - e^-x) / (e^x + e^-x), element by element. */
export const tanh = (x: Tensor): Tensor => unary("tanh", x);
/** log(1 + e^x), element by element. */
export const softplus = (x: Tensor): Tensor => unary("softplus", x);
/** x sigmoid(x), element by element; also called swish. */
export const silu = (x: Tensor): Tensor => unary("silu", x);
/** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), element by element: the tanh form of Hendrycks and Gimpel (2016). */
export const gelu = (x: Tensor): Tensor => unary("gelu", x);
/** e^x, element by element. */
export const exp = (x: Tensor): Tensor => unary("exp", x);
/** The natural logarithm, element by element. */
export const log = (x: Tensor): Tensor => unary("log", x);
/** The square root, element by element; its derivative at 0 is infinite. */
export const sqrt = (x: Tensor): Tensor => unary("sqrt", x);
/** 1 / sqrt(x), element by element. */
export const rsqrt = (x: Tensor): Tensor => unary("rsqrt", x);
/** x^2, element by element. */
export const square = (x: Tensor): Tensor => unary("square", x);
/** |x|, element by element; its derivative at 0 is 0. */
export const abs = (x: Tensor): Tensor => unary("abs", x);
/** -1, 0 or 1, element by element; its derivative is 0. */
export const sign = (x: Tensor): Tensor => unary("sign", x);
/** -x, element by element. */
export const neg = (x: Tensor): Tensor => unary("neg", x);
/** 1 / x, element by element. */
export const reciprocal = (x: Tensor): Tensor => unary("reciprocal", x);
/** The sine of x in radians, element by element. */
export const sin = (x: Tensor): Tensor => unary("sin", x);
/** The cosine of x in radians, element by element. */
export const cos = (x: Tensor): Tensor => unary("cos", x);
/** The next whole number below, element by element; its derivative is 0. */
export const floor = (x: Tensor): Tensor => unary("floor", x);
/** The next whole number above, element by element; its derivative is 0. */
export const ceil = (x: Tensor): Tensor => unary("ceil", x);
/** The nearest whole number, halves to the even one, element by element; its derivative is 0. */
export const round = (x: Tensor): Tensor => unary("round", x);
/** The error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x, element by element. */
export const erf = (x: Tensor): Tensor => unary("erf", x);
