// The chain rule at one element, with every number. A rule maps dy, the gradient of a node's output, to dx, that of an input, and it
// is linear in dy:
//   dx_i = sum over j of dy_j s_ij        s_ij = d y_j / d x_i
// So s_i, all slopes of one element, is the gradient of dx_i by dy; and as rules are made of differentiable operations, the tape
// itself works it out, for any operation.

import { mul, sum } from "../../ops/index.js";
import { scope } from "../../tensor/scope.js";
import { grad, type TapeNode } from "../../tensor/tape.js";
import { tensor, type Tensor } from "../../tensor/tensor.js";
import type { RuleAt } from "./types.js";

/** Terms that are told; the others are only counted. */
const mostTerms = 8;

/** The chain rule at the element with the largest gradient, for each input of the node that needs one. */
export async function rulesOf(node: TapeNode, gradient: Tensor): Promise<RuleAt[]> {
  const rules: RuleAt[] = [];
  for (const [input, x] of node.inputs.entries()) {
    if (!x.requiresGrad || x.size === 0) continue;
    const rule = await ruleAt(node, gradient, input);
    if (rule) rules.push(rule);
  }
  return rules;
}

async function ruleAt(node: TapeNode, gradient: Tensor, input: number): Promise<RuleAt | undefined> {
  using _inner = scope();
  const dy = gradient.detach();
  dy.requiresGrad = true;
  const dx = node.rule(dy)[input]?.();
  if (!dx) return undefined;
  const parts = await dx.data();
  const at = indexOfLargest(parts);
  const chosen = new Float32Array(parts.length);
  chosen[at] = 1;
  const [slopeTensor] = grad(sum(mul(dx, tensor(chosen, dx.shape))), [dy]);
  const slopes = await slopeTensor.data();
  const sent = await gradient.data();
  const all = [...slopes.keys()].filter((j) => slopes[j] !== 0);
  const weight = (j: number) => Math.abs(sent[j] * slopes[j]);
  const terms = all
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, mostTerms)
    .map((j) => ({ output: j, dy: sent[j], slope: slopes[j] }));
  const value = (await node.inputs[input].data())[at];
  return { input, at, value, gradient: parts[at], count: all.length, terms };
}

function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i]) > Math.abs(values[best])) best = i;
  return best;
}
