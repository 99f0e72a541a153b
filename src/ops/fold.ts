// Folding blocks of pixels into channels and back. The two are each other's inverse, and, being permutations, each other's gradient.
// The order is TensorFlow's: channel (p * block + q) * C + c holds pixel (p, q) of the block.

import { checkCount } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { show } from "../tensor/shape.js";
import { differentiable } from "../tensor/tape.js";
import { run, type Tensor } from "../tensor/tensor.js";
import { expectImages } from "./expect.js";

/** [n, h, w, block^2 c] to [n, h block, w block, c]: channels spread over blocks of pixels (pixel shuffle). */
export function depthToSpace(x: Tensor, block = 2): Tensor {
  expectImages("depthToSpace", x);
  checkCount("depthToSpace", "block", block);
  const [n, h, w, c] = x.shape;
  if (c % (block * block) !== 0)
    throw new UserError(
      `depthToSpace: ${c} channels of ${show(x.shape)} are no multiple of ${block} x ${block}.`,
    );
  const y = run("depthToSpace", [x], [n, h * block, w * block, c / (block * block)], { block });
  return differentiable("depthToSpace", [x], y, (dy) => [() => spaceToDepth(dy, block)]);
}

/** [n, h block, w block, c] to [n, h, w, block^2 c]: blocks of pixels folded into channels (pixel unshuffle). */
export function spaceToDepth(x: Tensor, block = 2): Tensor {
  expectImages("spaceToDepth", x);
  checkCount("spaceToDepth", "block", block);
  const [n, h, w, c] = x.shape;
  if (h % block !== 0 || w % block !== 0)
    throw new UserError(`spaceToDepth: height and width of ${show(x.shape)} must be multiples of ${block}.`);
  const y = run("spaceToDepth", [x], [n, h / block, w / block, c * block * block], { block });
  return differentiable("spaceToDepth", [x], y, (dy) => [() => depthToSpace(dy, block)]);
}
