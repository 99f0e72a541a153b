// Steps of optimisers as graphs have them (ai.onnx.preview.training). Inputs: rate, step count, then all parameters, all
// gradients, all averages; results: the parameters, then the averages.

import * as ops from "../../../ops/index.js";
import type { Tensor } from "../../../tensor/tensor.js";
import { type Call, type Operators, result } from "../call.js";
import type { Value } from "../value.js";

const { add, div, mul, pow, sqrt, square, sub } = ops;

/** Tensors after the first two inputs, in so many lists of equal length. */
function listsOf(call: Call, lists: number): Tensor[][] {
  const rest = call.all.slice(2);
  const n = rest.length / lists;
  if (!Number.isInteger(n)) call.fail(`${rest.length} tensors make no ${lists} lists.`);
  return Array.from({ length: lists }, (_, i) => rest.slice(i * n, (i + 1) * n).map((v) => v.tensor));
}

const values = (...lists: Tensor[][]): Value[] => lists.flat().map((t) => result("float", t));

function adagrad(call: Call): readonly Value[] {
  const { attributes } = call;
  const [r, t] = [call.input(0).tensor, call.input(1).tensor];
  const [xs, gs, hs] = listsOf(call, 3);
  const rate = div(r, add(1, mul(t, attributes.float("decay_factor", 0))));
  const slopes = gs.map((g, i) => add(g, mul(xs[i], attributes.float("norm_coefficient", 0))));
  const sums = hs.map((h, i) => add(h, square(slopes[i])));
  const moved = xs.map((x, i) =>
    sub(x, div(mul(rate, slopes[i]), add(sqrt(sums[i]), attributes.float("epsilon", 1e-6)))),
  );
  return values(moved, sums);
}

function adam(call: Call): readonly Value[] {
  const { attributes } = call;
  const [r, t] = [call.input(0).tensor, call.input(1).tensor];
  const [xs, gs, vs, hs] = listsOf(call, 4);
  const [alpha, beta] = [attributes.float("alpha", 0.9), attributes.float("beta", 0.999)];
  const slopes = gs.map((g, i) => add(g, mul(xs[i], attributes.float("norm_coefficient", 0))));
  const means = vs.map((v, i) => add(mul(alpha, v), mul(1 - alpha, slopes[i])));
  const squares = hs.map((h, i) => add(mul(beta, h), mul(1 - beta, square(slopes[i]))));
  // The averages begin at 0; from the second step on that is made good.
  const later = ops.greater(t, 0);
  const corrected = div(
    mul(r, sqrt(sub(1, pow(ops.full([], beta), t)))),
    sub(1, pow(ops.full([], alpha), t)),
  );
  const rate = ops.where(later, corrected, r);
  const moved = xs.map((x, i) =>
    sub(x, div(mul(rate, means[i]), add(sqrt(squares[i]), attributes.float("epsilon", 1e-6)))),
  );
  const after = attributes.float("norm_coefficient_post", 0);
  return values(after === 0 ? moved : moved.map((x) => mul(x, 1 - after)), means, squares);
}

function momentum(call: Call): readonly Value[] {
  const { attributes } = call;
  const [r, t] = [call.input(0).tensor, call.input(1).tensor];
  const [xs, gs, vs] = listsOf(call, 3);
  const [alpha, beta] = [attributes.float("alpha", 0), attributes.float("beta", 0)];
  const nesterov = attributes.word("mode", ["standard", "nesterov"]) === "nesterov";
  const slopes = gs.map((g, i) => add(g, mul(xs[i], attributes.float("norm_coefficient", 0))));
  const share = ops.where(ops.greater(t, 0), beta, 1);
  const speeds = vs.map((v, i) => add(mul(alpha, v), mul(share, slopes[i])));
  const steps = nesterov ? speeds.map((v, i) => add(slopes[i], mul(alpha, v))) : speeds;
  return values(xs.map((x, i) => sub(x, mul(r, steps[i]))), speeds); // prettier-ignore
}

const domain = "ai.onnx.preview.training";
export const trainingOperators: Operators = {
  [`${domain}.Adagrad`]: { run: adagrad },
  [`${domain}.Adam`]: { run: adam },
  [`${domain}.Momentum`]: { run: momentum },
};
