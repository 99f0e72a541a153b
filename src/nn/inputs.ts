// What layers take and give: one tensor or a list of them, and likewise one shape or a list.

import { describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import type { Shape } from "../tensor/shape.js";
import { empty, type Tensor } from "../tensor/tensor.js";

/** Most layers take one tensor; Add, Concatenate and some models take several. Some models give several, too. */
export type Inputs = Tensor | readonly Tensor[];
/** The shape of a layer's input, batch axis first; a list of shapes for several inputs. */
export type InputShape = Shape | readonly Shape[];

/** Tensors of these shapes with nothing in them, for dry runs. */
export function inputsOf(shape: InputShape): Inputs {
  if (!isList(shape))
    throw new UserError(`The shape of the input must be a list, batch axis first, not ${describe(shape)}.`);
  const isOne = (s: InputShape): s is Shape => s.length === 0 || typeof s[0] === "number";
  return isOne(shape) ? empty(shape) : shape.map((s) => empty(s));
}
