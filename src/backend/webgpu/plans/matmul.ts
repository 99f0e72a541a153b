// matmul: the ladder of gemm.ts on plain matrices.

import type { KernelCall } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import type { Product } from "./gemm.js";
import { epilogueBindings } from "./gemm.js";
import { rungVariants } from "./rungs.js";

export const matmulPlans: Plans = (device) => ({
  matmul: rungVariants(device, (call) => productOf(call as KernelCall<"matmul">)),
});

function productOf(call: KernelCall<"matmul">): Product {
  const { inputs, outputs, attributes } = call;
  const [a, b] = inputs;
  const [y] = outputs;
  const [batch, m, n] = y.shape;
  const { transposeA = false, transposeB = false, epilogue = {} } = attributes;
  const k = a.shape[transposeA ? 1 : 2];
  const step = (shape: readonly number[]) => (shape[0] === 1 ? 0 : shape[1] * shape[2]);
  return {
    kernel: "matmul",
    problems: batch,
    m,
    n,
    k,
    a: a.storage,
    b: b.storage,
    ...epilogueBindings(call),
    y: y.storage,
    outputs: sizeOf(y.shape),
    channels: n,
    epilogue,
    constants: { A_ALONG_M: Number(transposeA), B_ALONG_K: Number(transposeB) },
    isVec4: n % 4 === 0 && (transposeA ? m : k) % 4 === 0 && (!transposeB || k % 4 === 0),
    params: [m, n, k, step(a.shape), step(b.shape)],
  };
}
