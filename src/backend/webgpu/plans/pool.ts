// pool2d and its adjoint.

import type { KernelCall, Operand } from "../../backend.js";
import type { PoolAttributes } from "../../kernels.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { Params } from "../dispatch.js";
import { groupsFor } from "./elementwise.js";

const always = () => true;

export const poolPlans: Plans = () => ({
  pool2d: [{ name: "naive", supports: always, plan: (call) => pool(call as KernelCall<"pool2d">) }],
  pool2dGrad: [
    { name: "naive", supports: always, plan: (call) => poolGrad(call as KernelCall<"pool2dGrad">) },
  ],
});

function geometry(x: Operand, y: Operand, out: Operand, attributes: PoolAttributes) {
  const [, height, width, channels] = x.shape;
  const [, oh, ow] = y.shape;
  const size = sizeOf(out.shape);
  return {
    constants: { MAX: Number(attributes.kind === "max") },
    params: new Params()
      .u32(size, height, width, channels, oh, ow)
      .u32(...attributes.window, ...attributes.strides, ...attributes.padding),
    groups: groupsFor(size),
  };
}

function pool({ inputs: [x, v = x], outputs: [y], attributes }: KernelCall<"pool2d">): Dispatch[] {
  const reads = [x.storage, v.storage];
  return [{ shader: "pool2d/naive", reads, writes: [y.storage], ...geometry(x, y, y, attributes) }];
}

function poolGrad({ inputs: [x, dy], outputs: [dx], attributes }: KernelCall<"pool2dGrad">): Dispatch[] {
  const reads = [x.storage, dy.storage];
  return [{ shader: "pool2dGrad/naive", reads, writes: [dx.storage], ...geometry(x, dy, dx, attributes) }];
}
