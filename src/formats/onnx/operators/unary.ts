// Functions of single elements. They keep the order of axes that they find.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operator, type Operators, result } from "../call.js";

const { abs, add, cos, div, equal, exp, greater, less, log, maximum, minimum, mul, neg, reciprocal } = ops; // prettier-ignore
const { relu, sigmoid, sign, sin, softplus, sqrt, square, sub, tanh, where } = ops;

/** An operator of one tensor, from its formula. */
const elementwise = (formula: (x: Tensor, call: Call) => Tensor): Operator => ({
  run: (call) => {
    const x = call.input();
    return result(x.type, formula(x.in(x.order), call), x.order);
  },
});

/** The same with a result of 0 and 1. */
const question = (formula: (x: Tensor, call: Call) => Tensor): Operator => ({
  run: (call) => {
    const x = call.input();
    return result("bool", formula(x.in(x.order), call), x.order);
  },
});

/** scale (e^x - 1), for x <= 0; above it is 0 so that nothing overflows. */
const expMinusOne = (x: Tensor, scale: number): Tensor => mul(scale, sub(exp(minimum(x, 0)), 1));

/** x where it is above 0, else slope x; any slope. */
const leaky = (x: Tensor, slope: number): Tensor =>
  slope >= 0 ? ops.leakyRelu(x, slope) : where(greater(x, 0), x, mul(slope, x));

const hardSigmoid = (x: Tensor, alpha: number, beta: number): Tensor =>
  minimum(maximum(add(mul(alpha, x), beta), 0), 1);

/** log(|x| + sqrt(x^2 + 1)) with the sign of x. */
const asinh = (x: Tensor): Tensor => mul(sign(x), log(add(abs(x), sqrt(add(square(x), 1)))));

/** e^x above the largest float32 is what it is; sinh is odd. */
const sinh = (x: Tensor): Tensor => mul(0.5, sub(exp(x), exp(neg(x))));
const cosh = (x: Tensor): Tensor => mul(0.5, add(exp(x), exp(neg(x))));

const isNaN = (x: Tensor): Tensor => sub(1, equal(x, x));
const isInfinite = (x: Tensor, positive: boolean, negative: boolean): Tensor => {
  const sides = [positive ? [greater(x, largest)] : [], negative ? [less(x, -largest)] : []].flat();
  return sides.length === 0 ? mul(0, equal(x, x)) : sides.reduce((a, b) => maximum(a, b));
};
const largest = 3.4028234663852886e38;

export const unaryOperators: Operators = {
  Identity: { run: (call) => call.input() },
  Relu: elementwise(relu),
  LeakyRelu: elementwise((x, { attributes }) => leaky(x, attributes.float("alpha", 0.01))),
  ThresholdedRelu: elementwise((x, { attributes }) => mul(x, greater(x, attributes.float("alpha", 1)))),
  Elu: elementwise((x, { attributes }) => add(relu(x), expMinusOne(x, attributes.float("alpha", 1)))),
  Selu: elementwise((x, { attributes }) => {
    const alpha = attributes.float("alpha", 1.6732632423543772);
    return mul(attributes.float("gamma", 1.0507009873554805), add(relu(x), expMinusOne(x, alpha)));
  }),
  // max(0, x) + min(0, alpha (e^(x/alpha) - 1))
  Celu: elementwise((x, { attributes }) => {
    const alpha = attributes.float("alpha", 1);
    return add(relu(x), minimum(expMinusOne(div(x, alpha), alpha), 0));
  }),
  Sigmoid: elementwise(sigmoid),
  HardSigmoid: elementwise((x, { attributes }) =>
    hardSigmoid(x, attributes.float("alpha", 0.2), attributes.float("beta", 0.5)),
  ),
  HardSwish: elementwise((x) => mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Mish: elementwise((x) => mul(x, tanh(softplus(x)))),
  Softplus: elementwise(softplus),
  // x/2 (1 + erf(x / sqrt 2)), or its approximation by a hyperbolic tangent
  Gelu: elementwise((x, { attributes }) =>
    attributes.word("approximate", ["none", "tanh"]) === "tanh"
      ? ops.gelu(x)
      : mul(mul(0.5, x), add(1, ops.erf(mul(x, Math.SQRT1_2)))),
  ),
  Softsign: elementwise((x) => div(x, add(1, abs(x)))),
  Swish: elementwise((x, { attributes }) => mul(x, sigmoid(mul(attributes.float("alpha", 1), x)))),
  Tanh: elementwise(tanh),
  // y = x + bias below -lambd, x - bias above lambd, else 0
  Shrink: elementwise((x, { attributes }) => {
    const [lambd, bias] = [attributes.float("lambd", 0.5), attributes.float("bias", 0)];
    return where(less(x, -lambd), add(x, bias), where(greater(x, lambd), sub(x, bias), 0));
  }),
  Exp: elementwise(exp),
  Log: elementwise(log),
  Sqrt: elementwise(sqrt),
  Erf: elementwise(ops.erf),
  Floor: elementwise(ops.floor),
  Ceil: elementwise(ops.ceil),
  Round: elementwise(ops.round),
  Abs: elementwise(abs),
  Sign: elementwise(sign),
  Neg: elementwise(neg),
  Reciprocal: elementwise(reciprocal),
  Sin: elementwise(sin),
  Cos: elementwise(cos),
  Tan: elementwise((x) => div(sin(x), cos(x))),
  Sinh: elementwise(sinh),
  Cosh: elementwise(cosh),
  Asinh: elementwise(asinh),
  Acosh: elementwise((x) => log(add(x, sqrt(mul(sub(x, 1), add(x, 1)))))),
  Atanh: elementwise((x) => mul(0.5, log(div(add(1, x), sub(1, x))))),
  Not: question((x) => equal(x, 0)),
  IsNaN: question(isNaN),
  IsInf: question((x, { attributes }) =>
    isInfinite(x, attributes.flag("detect_positive", true), attributes.flag("detect_negative", true)),
  ),
};
