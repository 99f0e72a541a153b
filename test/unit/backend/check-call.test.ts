import { describe, expect, it } from "vitest";
import type { KernelCall } from "../../../src/backend/backend.js";
import { checkCall } from "../../../src/backend/check-call.js";
import { callOf, conformanceCases } from "../../../src/inspect/conformance-cases.js";

const call = (
  kernel: string,
  inputs: number[][],
  outputs: number[][],
  attributes: object = {},
): KernelCall => {
  const operand = (shape: number[]) => ({ storage: { length: 0 }, shape });
  return {
    kernel,
    inputs: inputs.map(operand),
    outputs: outputs.map(operand),
    attributes,
  } as unknown as KernelCall;
};
const conv = { strides: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const pool = { kind: "max", window: [2, 2], strides: [2, 2], padding: [0, 0] };
const walk = { shape: [3], inputStrides: [2], inputOffset: 0, outputStrides: [1], outputOffset: 0 };
const step = { op: "binary", function: "add", a: 0, b: 2 };

describe("checkCall", () => {
  it("passes every conformance case", () => {
    for (const testCase of conformanceCases) expect(() => checkCall(callOf(testCase)), testCase.name).not.toThrow();
  });

  it.each([
    [call("matmul", [[1, 2, 3], [1, 4, 5]], [[1, 2, 5]]), /3 columns and b has 4 rows/],
    [call("matmul", [[2, 2, 3], [3, 3, 5]], [[3, 2, 5]]), /batch/],
    [call("matmul", [[1, 2, 3], [1, 3, 5]], [[1, 2, 5]], { epilogue: { bias: true } }), /bias must be \[5\]/],
    [call("matmul", [[1, 2, 3], [1, 3, 5], [5]], [[1, 2, 5]]), /must be 2 inputs/],
    [call("conv2d", [[1, 4, 4, 3], [3, 3, 4, 2]], [[1, 2, 2, 2]], conv), /w must have 3 input channels/],
    [call("conv2d", [[1, 4, 4, 3], [3, 3, 3, 2]], [[1, 2, 2, 3]], conv), /w must have 3 output channels/],
    [call("conv2d", [[1, 4, 4, 3], [3, 3, 1, 2]], [[1, 2, 2, 2]], { ...conv, groups: 2 }), /2 groups/],
    [call("conv2dInputGrad", [[2, 2, 2, 2], [3, 3, 3, 2]], [[1, 4, 4, 3]], conv), /images/],
    [call("pool2d", [[1, 4, 4, 3]], [[1, 3, 2, 3]], pool), /inside x/],
    [call("depthToSpace", [[1, 2, 2, 6]], [[1, 4, 4, 1]], { block: 2 }), /unfolded tensor must be \[1,4,4,1.5\]/],
    [call("binary", [[2, 3], [2]], [[2, 3]], { function: "add" }), /y must be \[2,2\]|broadcast/],
    [call("unaryGrad", [[2], [3]], [[2]], { function: "relu" }), /each input must be \[2\]/],
    [call("elementwise", [[4], [4]], [[4]], { steps: [step], results: [2] }), /step 0 reads a register/],
    [call("reduce", [[2, 3]], [[2]], { function: "sum", axes: [1] }), /y must be \[2,1\]/],
    [call("copy", [[4]], [[3]], walk), /elements 0 to 4 of the input, which has 4/],
    [call("copy", [[9]], [[2]], walk), /elements 0 to 2 of the output, which has 2/],
    [call("random", [[4]], [[2]], { distribution: "normal", seed: -1 }), /seed -1/],
    [call("sgdStep", [[4], [2], [2]], [[2], [2]], { nesterov: false }), /2 outputs need 4 inputs/],
  ])("refuses %#", (malformed, message) => {
    expect(() => checkCall(malformed)).toThrow(message);
    expect(() => checkCall(malformed)).toThrow(new RegExp(`malformed call of ${malformed.kernel}: .*inputs \\[`));
  });
}); // prettier-ignore
