// What an image is multiplied by before anything else: a network that takes 0 to 255 often begins with 1/255.

import type { FoldedGraph } from "./evaluate.js";

/** Operators that hand numbers on as they are. */
const passing: ReadonlySet<string> = new Set(["Identity", "Transpose", "Cast"]);

/** The one number that everything made of this input is multiplied by first, undefined where there is none. */
export function inputFactor({ nodes, constants }: FoldedGraph, input: string): number | undefined {
  const names = new Set([input]);
  const factors = new Set<number | undefined>();
  for (const { operator, inputs, outputs } of nodes) {
    if (!inputs.some((name) => names.has(name))) continue;
    if (passing.has(operator)) names.add(outputs[0]);
    else factors.add(factorOf(operator, inputs.map((name) => (names.has(name) ? undefined : constants.get(name)?.data)))); // prettier-ignore
  }
  return factors.size === 1 ? [...factors][0] : undefined;
}

/** Of a product or quotient of the image, which is undefined here, with one number. */
function factorOf(operator: string, [a, b]: readonly (ArrayLike<number> | undefined)[]): number | undefined {
  if (operator === "Mul") return alike(a ?? b);
  return operator === "Div" && !a && b ? 1 / (alike(b) ?? NaN) : undefined;
}

const alike = (numbers: ArrayLike<number> | undefined): number | undefined =>
  numbers && Array.from(numbers).every((n) => n === numbers[0]) ? numbers[0] : undefined;
