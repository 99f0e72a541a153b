// sgdStep and adamStep: one dispatch a parameter tensor, in place.

import type { KernelCall, Operand } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { Params } from "../dispatch.js";
import { groupsFor } from "./elementwise.js";

export const optimizerPlans: Plans = () => ({
  sgdStep: [{ name: "flat", supports: () => true, plan: (call) => sgd(call as KernelCall<"sgdStep">) }],
  adamStep: [{ name: "flat", supports: () => true, plan: adam }],
});

/** The operands behind `hyper`, `each` a parameter. */
function perParameter(operands: readonly Operand[], each: number): Operand[][] {
  return Array.from({ length: (operands.length - 1) / each }, (_, k) =>
    operands.slice(1 + each * k, 1 + each * (k + 1)),
  );
}

function sgd({ inputs, attributes }: KernelCall<"sgdStep">): Dispatch[] {
  return perParameter(inputs, 3).map(([p, g, v]) => ({
    shader: "sgdStep/flat",
    constants: { NESTEROV: Number(attributes.nesterov) },
    reads: [inputs[0].storage, g.storage],
    writes: [p.storage, v.storage],
    params: new Params().u32(sizeOf(p.shape)),
    groups: groupsFor(sizeOf(p.shape)),
  }));
}

function adam({ inputs }: KernelCall): Dispatch[] {
  return perParameter(inputs, 4).map(([p, g, m, v]) => ({
    shader: "adamStep/flat",
    reads: [inputs[0].storage, g.storage],
    writes: [p.storage, m.storage, v.storage],
    params: new Params().u32(sizeOf(p.shape)),
    groups: groupsFor(sizeOf(p.shape)),
  }));
}
