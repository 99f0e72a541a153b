// Values in HDF5: numbers of floating point, and texts, of fixed length or in a heap of their own.

import { sizeOf } from "../base/shape.js";
import { dtypes } from "./dtypes.js";
import type { Weights } from "./pytorch.js";

export interface Datatype {
  /** "heap": texts of any length, elsewhere in the file. */
  readonly kind: "float" | "text" | "heap" | "other";
  /** Bytes of one. */
  readonly size: number;
  readonly isBigEndian: boolean;
}

/** The sizes of an array; [] of a single value. */
export type Dataspace = readonly number[];

export interface Stored {
  readonly type: Datatype;
  readonly space: Dataspace;
  /** Where its bytes begin. */
  readonly at: number;
}

type Fail = (what: string) => never;

const FLOAT = 1;
const TEXT = 3;
const VARIABLE_LENGTH = 9;
/** 4 bytes of length, an address, 4 bytes of an index. */
const REFERENCE_BYTES = 16;
/** In one list; a lying one would take long to look up. */
const MOST_TEXTS = 10_000;
const floats: Readonly<Record<number, string>> = { 2: "F16", 4: "F32", 8: "F64" };

export function readDatatype(view: DataView, at: number): Datatype {
  const kind = view.getUint8(at) & 15;
  const isText = (view.getUint8(at + 1) & 15) === 1; // of variable length: a text, no list
  const names = { [FLOAT]: "float", [TEXT]: "text", ...(isText && { [VARIABLE_LENGTH]: "heap" }) } as const;
  return {
    kind: names[kind as typeof FLOAT] ?? "other",
    size: view.getUint32(at + 4, true),
    isBigEndian: (view.getUint8(at + 1) & 1) !== 0,
  };
}

export function readDataspace(view: DataView, at: number, fail: Fail): Dataspace {
  const [version, rank] = [view.getUint8(at), view.getUint8(at + 1)];
  if ((version !== 1 && version !== 2) || rank > 32) return fail("a shape is none");
  const sizes = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, axis) => Number(view.getBigUint64(sizes + 8 * axis, true)));
}

/** Numbers as float32. */
export function readFloats(bytes: Uint8Array, { type, space, at }: Stored, fail: Fail): Weights {
  const name = Object.hasOwn(floats, type.size) && !type.isBigEndian ? floats[type.size] : undefined;
  if (name === undefined) return fail(`is of ${8 * type.size} bits in an order that is not read`);
  const length = sizeOf(space) * type.size;
  if (!(at + length <= bytes.length)) return fail("claims more numbers than the file holds");
  const numbers = dtypes[name].read(new Uint8Array(bytes.subarray(at, at + length))); // aligned, and a copy of a Buffer, too
  return { shape: space, data: Float32Array.from(numbers as ArrayLike<number>) };
}

export function readStrings(
  bytes: Uint8Array,
  { type, space, at }: Stored,
  fail: Fail,
): string[] | undefined {
  if (type.kind !== "text" && type.kind !== "heap") return undefined;
  const each = type.kind === "heap" ? REFERENCE_BYTES : type.size;
  const count = sizeOf(space);
  if (!(each > 0 && count <= MOST_TEXTS && at + count * each <= bytes.length))
    return fail("a list claims more texts than the file holds");
  let all = 0;
  return Array.from({ length: count }, (_, i) => {
    const from = at + i * each;
    const own = type.kind === "heap" ? inHeap(bytes, from, fail) : bytes.subarray(from, from + each);
    if ((all += own.length) > bytes.length) fail("a list is longer than the file");
    const zero = own.indexOf(0);
    return new TextDecoder().decode(zero === -1 ? own : own.subarray(0, zero));
  });
}

/** The bytes that a reference means: an object of a collection, by its number there. */
function inHeap(bytes: Uint8Array, at: number, fail: Fail): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(at, true);
  const heap = Number(view.getBigUint64(at + 4, true));
  const index = view.getUint32(at + 12, true);
  if (length === 0) return new Uint8Array(0);
  if (!(heap + 16 <= bytes.length) || String.fromCharCode(...bytes.subarray(heap, heap + 4)) !== "GCOL")
    return fail("a text lies nowhere");
  const end = Math.min(bytes.length, heap + Number(view.getBigUint64(heap + 8, true)));
  for (let object = heap + 16; object + 16 <= end;) {
    const own = view.getUint16(object, true);
    const size = Number(view.getBigUint64(object + 8, true));
    if (own === 0) break; // free space
    if (own === index)
      return length <= size && object + 16 + length <= bytes.length
        ? bytes.subarray(object + 16, object + 16 + length)
        : fail("a text breaks off");
    object += 16 + Math.ceil(size / 8) * 8;
  }
  return fail("a text lies nowhere");
}
