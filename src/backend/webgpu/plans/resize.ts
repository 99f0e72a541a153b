// resize2d and its adjoint.

import type { KernelCall, Operand } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { Params } from "../dispatch.js";
import { groupsFor } from "./elementwise.js";

const always = () => true;

export const resizePlans: Plans = () => ({
  resize2d: [{ name: "naive", supports: always, plan: (call) => resize(call as KernelCall<"resize2d">) }],
  resize2dGrad: [
    { name: "naive", supports: always, plan: (call) => resize(call as KernelCall<"resize2dGrad">) },
  ],
});

function resize(call: KernelCall<"resize2d"> | KernelCall<"resize2dGrad">): Dispatch[] {
  const [input, output] = [call.inputs[0], call.outputs[0]];
  const [small, large]: Operand[] = call.kernel === "resize2d" ? [input, output] : [output, input];
  const [, height, width, channels] = small.shape;
  const [, oh, ow] = large.shape;
  const size = sizeOf(output.shape);
  return [
    {
      shader: `${call.kernel}/naive`,
      constants: { BILINEAR: Number(call.attributes.mode === "bilinear") },
      reads: [input.storage],
      writes: [output.storage],
      params: new Params().u32(size, height, width, channels, oh, ow),
      groups: groupsFor(size),
    },
  ];
}
