// copy, gather and its gradient, fill, and depthToSpace with its inverse, which are copies too.

import type { KernelCall, Operand } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import { mergeAxes, MOST_AXES, rowMajorStrides } from "../axes.js";
import type { Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { Params } from "../dispatch.js";
import { groupsFor } from "./elementwise.js";

const always = () => true;

export const movingPlans: Plans = () => ({
  copy: [
    {
      name: "strided",
      supports: (call) => copyAxes(call as KernelCall<"copy">).sizes.length <= MOST_AXES,
      plan: (call) => copy(call as KernelCall<"copy">),
    },
  ],
  gather: [{ name: "flat", supports: always, plan: (call) => gather(call as KernelCall<"gather">) }],
  gatherGrad: [{ name: "flat", supports: always, plan: (call) => gather(call as KernelCall<"gatherGrad">) }],
  fill: [{ name: "flat", supports: always, plan: (call) => fill(call as KernelCall<"fill">) }],
  depthToSpace: [
    { name: "strided", supports: always, plan: (call) => depthToSpace(call as KernelCall<"depthToSpace">) },
  ],
  spaceToDepth: [
    { name: "strided", supports: always, plan: (call) => spaceToDepth(call as KernelCall<"spaceToDepth">) },
  ],
});

function copyAxes({ attributes: { shape, inputStrides, outputStrides } }: KernelCall<"copy">) {
  return mergeAxes(shape, [inputStrides, outputStrides]);
}

function copy(call: KernelCall<"copy">): Dispatch[] {
  const { inputOffset, outputOffset, shape } = call.attributes;
  const size = sizeOf(shape);
  const { sizes, strides } = copyAxes(call);
  const params = new Params().u32(size, sizes.length, inputOffset, outputOffset);
  return [
    {
      shader: "copy/strided",
      reads: [call.inputs[0].storage],
      writes: [call.outputs[0].storage],
      // Negative strides keep their bits in a Uint32Array.
      params: params.vec4s(2, sizes).vec4s(2, strides[0]).vec4s(2, strides[1]),
      groups: groupsFor(size),
    },
  ];
}

/** Both directions walk the elements they write. */
function gather({ kernel, inputs, outputs: [y] }: KernelCall<"gather" | "gatherGrad">): Dispatch[] {
  const [rows, columns] = kernel === "gather" ? inputs[0].shape : y.shape;
  const size = sizeOf(y.shape);
  return [
    {
      shader: `${kernel}/flat`,
      reads: inputs.map(({ storage }) => storage),
      writes: [y.storage],
      params: new Params().u32(size, columns, rows, inputs[1].shape[0]),
      groups: groupsFor(size),
    },
  ];
}

function fill({ outputs: [y], attributes: { value } }: KernelCall<"fill">): Dispatch[] {
  const size = sizeOf(y.shape);
  return [
    {
      shader: "fill/flat",
      reads: [],
      writes: [y.storage],
      params: new Params().u32(size).f32(value),
      groups: groupsFor(size),
    },
  ];
}

/** deep [n, h, w, (p, q, c)] and wide [n, (h, p), (w, q), c], both walked in the order n, h, p, w, q, c. */
function blockCopy(input: Operand, output: Operand, wide: Operand, block: number): Dispatch[] {
  const [n, height, width, c] = wide.shape;
  const [h, w] = [height / block, width / block];
  const shape = [n, h, block, w, block, c];
  const wideStrides = rowMajorStrides(shape);
  const [dn, dh, dw, dp, dq, dc] = rowMajorStrides([n, h, w, block, block, c]);
  const deepStrides = [dn, dh, dp, dw, dq, dc];
  const isWideInput = input === wide;
  const attributes = {
    shape,
    inputStrides: isWideInput ? wideStrides : deepStrides,
    inputOffset: 0,
    outputStrides: isWideInput ? deepStrides : wideStrides,
    outputOffset: 0,
  };
  return copy({ kernel: "copy", inputs: [input], outputs: [output], attributes });
}

const depthToSpace = ({ inputs: [x], outputs: [y], attributes }: KernelCall<"depthToSpace">) =>
  blockCopy(x, y, y, attributes.block);

const spaceToDepth = ({ inputs: [x], outputs: [y], attributes }: KernelCall<"spaceToDepth">) =>
  blockCopy(x, y, x, attributes.block);
