// An operation of your own: what it computes, and how its gradient goes back. Then the check that the two agree.
//   node examples/operation.mjs

import { add, differentiable, div, exp, gradcheck, mul, neg, noGrad, randomInput, square } from "fovea";

/** A bell: y = e^(-x^2), so dx = dy (-2 x y). The rule is written with operations, so it has gradients of its own. */
function bell(x) {
  const y = noGrad(() => exp(neg(square(x))));
  return differentiable("bell", [x], y, (dy) => [() => mul(dy, mul(-2, mul(x, y)))]);
}

/** The same with a slip: the 2 is missing. */
function slip(x) {
  const y = noGrad(() => exp(neg(square(x))));
  return differentiable("slip", [x], y, (dy) => [() => mul(dy, neg(mul(x, y)))]);
}

const inputs = [randomInput([3, 4], 1)];
const inside = (f) => (x) => f(div(add(x, 1), 2)); // with something before it on the tape
const right = await gradcheck(inside(bell), inputs);
const wrong = await gradcheck(inside(slip), inputs);
console.log(`bell: ${right.ok ? "right" : "wrong"}, worst error ${right.worst.toExponential(0)}`);
console.log(`slip: ${wrong.ok ? "right" : "wrong"}, ${wrong.where}`);
if (!right.ok || wrong.ok) process.exitCode = 1;
