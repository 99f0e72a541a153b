// The ladder of a kernel: every named variant that can serve a workload, each first checked against the specification in
// float64, then timed. To keep the check short it runs on the same shape with a batch of one.

import type { Backend, KernelCall, Operand } from "../../backend/backend.js";
import { sizeOf } from "../../backend/kernels.js";
import { ReferenceBackend } from "../../backend/reference/reference-backend.js";

/** Variants by name that support the call. */
export const variantsFor = (backend: Backend, call: KernelCall): string[] =>
  backend
    .variants(call.kernel)
    .filter((v) => v.supports(call))
    .map((v) => v.name);

/** Normalised mean squared error of a variant against the specification: sum (y - ref)^2 / sum ref^2. */
export async function errorOf(backend: Backend, call: KernelCall, variant: string): Promise<number> {
  const small = await cut(backend, call);
  const reference = new ReferenceBackend({ precision: "float64" });
  try {
    const expected = await result(reference, { ...small, variant: undefined }, backend);
    const found = await result(backend, { ...small, variant }, backend);
    let [difference, size] = [0, 0];
    for (let i = 0; i < expected.length; i++) {
      difference += (found[i] - expected[i]) ** 2;
      size += expected[i] ** 2;
    }
    return difference / size;
  } finally {
    for (const o of [...small.inputs, ...small.outputs]) backend.release(o.storage);
    await reference.close();
  }
}

/** The same call on the first image of the batch, or on the first 64 rows of a matrix product. */
async function cut(backend: Backend, call: KernelCall): Promise<KernelCall> {
  const isWeights = (i: number) => i > 0 && call.kernel !== "conv2dWeightGrad";
  const rows = call.kernel === "matmul" ? Math.min(64, call.outputs[0].shape[1]) : 0;
  const smaller = (shape: readonly number[]) => (rows ? [1, rows, shape[2]] : [1, ...shape.slice(1)]);
  const copy = async (operand: Operand, shape: readonly number[]): Promise<Operand> => {
    const storage = backend.allocate(sizeOf(shape));
    backend.write(storage, (await backend.read(operand.storage)).slice(0, sizeOf(shape)));
    return { storage, shape };
  };
  const inputs: Operand[] = [];
  for (const [i, o] of call.inputs.entries())
    inputs.push(await copy(o, isWeights(i) ? o.shape : smaller(o.shape)));
  const [y] = call.outputs;
  const shape = call.kernel === "conv2dWeightGrad" ? y.shape : smaller(y.shape);
  return { ...call, inputs, outputs: [{ storage: backend.allocate(sizeOf(shape)), shape }] };
}

async function result(backend: Backend, call: KernelCall, source: Backend) {
  const moved: Operand[] = [];
  for (const o of call.inputs) {
    const storage = backend.allocate(sizeOf(o.shape));
    backend.write(storage, await source.read(o.storage));
    moved.push({ storage, shape: o.shape });
  }
  const [{ shape }] = call.outputs;
  const output = { storage: backend.allocate(sizeOf(shape)), shape };
  backend.run({ ...call, inputs: moved, outputs: [output] });
  const values = await backend.read(output.storage);
  for (const o of [...moved, output]) backend.release(o.storage);
  return values;
}
