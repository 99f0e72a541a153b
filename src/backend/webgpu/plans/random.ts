// random: Philox, the same bits on every backend.

import type { KernelCall } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { ceilDiv, Params } from "../dispatch.js";
import { groupsFor } from "./elementwise.js";

export const randomPlans: Plans = () => ({
  random: [{ name: "philox", supports: () => true, plan: (call) => random(call as KernelCall<"random">) }],
});

function random({ inputs: [counter], outputs: [y], attributes }: KernelCall<"random">): Dispatch[] {
  const elements = sizeOf(y.shape);
  const blocks = ceilDiv(elements, 4);
  const { seed, distribution } = attributes;
  return [
    {
      shader: "random/philox",
      constants: { NORMAL: Number(distribution === "normal") },
      reads: [counter.storage],
      writes: [y.storage],
      params: new Params().u32(blocks, elements, seed >>> 0, Math.floor(seed / 2 ** 32)),
      groups: groupsFor(blocks),
    },
  ];
}
