// Choosing between two tensors by a condition, and clipping, with their gradients.

import { broadcastShape } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { maximum, minimum } from "./binary.js";
import { expectTensor } from "./expect.js";
import { stretched } from "./reduce.js";
import { asTensor, type TensorLike, zeros } from "./scalar.js";

/** condition != 0 ? a : b, element by element with broadcasting. The condition has no gradient. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  expectTensor("where", condition);
  const [ta, tb] = [asTensor("where", a), asTensor("where", b)];
  const shape = broadcastShape("where", condition.shape, broadcastShape("where", ta.shape, tb.shape));
  return choose(stretched(condition, shape), stretched(ta, shape), stretched(tb, shape));
}

function choose(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const y = run("select", [condition, a, b], a.shape, {});
  return differentiable("where", [a, b], y, (dy) => [
    () => choose(condition, dy, zeros(dy.shape)),
    () => choose(condition, zeros(dy.shape), dy),
  ]);
}

/** x limited to [low, high]; the gradient is 0 outside. */
export const clip = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);
