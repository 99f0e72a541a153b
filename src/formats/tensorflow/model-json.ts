// TensorFlow.js's models: model.json, which holds Keras's description or a graph, and a list of weights, and files beside it with their
// bytes, whole or quantised to 8 or 16 bits.

import { UserError } from "../../base/errors.js";
import type { ReadBeside } from "../../base/host.js";
import { sizeOf } from "../../base/shape.js";
import { dtypes } from "../dtypes.js";
import type { HostArray } from "../onnx/tensors.js";

export interface TfjsFile {
  readonly isGraph: boolean;
  readonly topology: Readonly<Record<string, unknown>>;
  readonly signature: unknown;
  /** By their whole names; whole numbers as int64, as ONNX has shapes and axes. */
  readonly weights: ReadonlyMap<string, HostArray>;
}

/** A weight's entry in the manifest. */
interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

/** TensorFlow.js's names of types as safetensors has them. */
const names: Readonly<Record<string, string>> = { float32: "F32", float16: "F16", int32: "I32", uint8: "U8", uint16: "U16", bool: "BOOL" }; // prettier-ignore

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads model.json and what lies beside it.
 * @throws UserError, one sentence, for what is no such model or is not sound
 */
export function readTfjs(bytes: Uint8Array, source: string, beside: ReadBeside): TfjsFile {
  const fail = (what: string): never => {
    throw new UserError(`${source} ${what}.`);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return fail("is no JSON, so no model of TensorFlow.js; check the file");
  }
  if (!isObject(parsed) || !isObject(parsed.modelTopology))
    return fail("describes no model of TensorFlow.js; name its model.json");
  const { modelTopology: topology, weightsManifest: manifest, format, signature } = parsed;
  if (!Array.isArray(manifest)) return fail("lists no weights; name the model.json of a whole model");
  const weights = new Map<string, HostArray>();
  for (const group of manifest as unknown[]) {
    const { paths, weights: entries } = isObject(group) ? group : {};
    if (!Array.isArray(paths) || !paths.every((p) => typeof p === "string") || !Array.isArray(entries))
      return fail("has a list of weights that is not sound; get the file again");
    const data = joined((paths as string[]).map((location) => beside(location, 0, undefined)));
    let at = 0;
    for (const entry of entries as unknown[]) {
      const [array, length] = weightOf(entry, data.subarray(at), fail);
      at += length;
      weights.set((entry as Entry).name, array);
    }
  }
  return { isGraph: format === "graph-model" || "node" in topology, topology, signature, weights };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The weight at the beginning of these bytes, and how many bytes it takes. */
function weightOf(entry: unknown, bytes: Uint8Array, fail: (what: string) => never): [HostArray, number] {
  const { name, shape, dtype, quantization } = (isObject(entry) ? entry : {}) as Partial<Entry>;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 31;
  if (typeof name !== "string" || !Array.isArray(shape) || shape.length > 8 || !shape.every(isCount))
    return fail("has a weight without a name or a shape; get the file again");
  const stored = String(quantization?.dtype ?? dtype);
  if (!Object.hasOwn(names, stored))
    return fail(`has the weight ${name.slice(0, 60)} of the type ${stored.slice(0, 40)}`);
  const type = dtypes[names[stored]];
  const length = sizeOf(shape) * type.bytes;
  if (!(length <= bytes.length))
    return fail(`has fewer bytes than its weight ${name.slice(0, 60)} needs; get its files again`);
  const stands = type.read(new Uint8Array(bytes.subarray(0, length))) as ArrayLike<number>;
  if (dtype !== "float32")
    return [{ type: dtype === "bool" ? "bool" : "int64", shape, data: Float64Array.from(stands) }, length];
  const numbers = Float32Array.from(stands);
  const { scale = 1, min = 0 } = quantization ?? {};
  const isPlain = quantization === undefined || stored === "float16";
  return [{ type: "float", shape, data: isPlain ? numbers : numbers.map((n) => n * scale + min) }, length];
}
