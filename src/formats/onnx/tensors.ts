// Tensors in ONNX files: their numbers, wherever they stand: in the raw bytes, listed, or in another file beside the model's.

import { UserError } from "../../base/errors.js";
import type { ReadBeside } from "../../base/host.js";
import { sizeOf } from "../../base/shape.js";
import { byteLength, decodeElements, elementNumber, type ElementType, elementType, listedElements, narrowBits, type Numbers } from "./element-types.js"; // prettier-ignore
import { numberToFloat16 } from "../dtypes.js";
import type { TensorProto } from "./messages.js";

/** Numbers that are known before a graph runs, with their shape and the type they have in ONNX. */
export interface HostArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Numbers;
}

/** More elements than any file that can be read holds. */
const MAX_ELEMENTS = 2 ** 32;

/** Throws a UserError, which begins with `where`, for a shape that is none. */
export function checkDims(dims: readonly number[], where: string): void {
  if (!dims.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new UserError(`${where} has the shape [${dims.join(", ")}], which is none; get the file again.`);
  if (dims.length > 16 || dims.reduce((product, n) => product * Math.max(n, 1), 1) > MAX_ELEMENTS)
    throw new UserError(
      `${where} has the shape [${dims.slice(0, 16).join(", ")}], more than can be held; get the file again.`,
    );
}

/** The tensor of a message. Throws a UserError, which begins with `where`, when its bytes do not fill its shape. */
export function decodeTensor(proto: TensorProto, where: string, external?: ReadBeside): HostArray {
  const type = elementType(proto.dataType, where);
  checkDims(proto.dims, where);
  const count = sizeOf(proto.dims);
  const fail = (given: string): never => {
    throw new UserError(
      `${where} of ${type} [${proto.dims.join(", ")}] needs ${byteLength(type, count)} bytes and has ${given}; get the file again.`,
    );
  };
  const raw = proto.dataLocation === 1 ? externalBytes(proto, where, external) : proto.rawData;
  const listed = [proto.floatData, proto.int32Data, proto.int64Data, proto.doubleData, proto.uint64Data];
  const values = listed.find((list) => list.length > 0);
  const packs = 8 / (narrowBits(type) ?? 8);
  let data: Numbers;
  if (values && !raw) {
    if (values.length !== Math.ceil(count / packs)) fail(`${values.length} numbers`);
    data = listedElements(type, values, count);
  } else {
    if ((raw?.length ?? 0) !== byteLength(type, count)) fail(String(raw?.length ?? 0));
    data = decodeElements(type, raw ?? new Uint8Array(), count);
  }
  return { type, shape: proto.dims, data };
}

function externalBytes(proto: TensorProto, where: string, external?: ReadBeside): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value ?? ""]));
  const location = entries.get("location");
  if (location === undefined) throw new UserError(`${where} lies in another file that is not named; get the file again.`); // prettier-ignore
  if (!external)
    throw new UserError(`${where} lies in the file ${JSON.stringify(location)}; load the model by its path, not by its bytes.`); // prettier-ignore
  const numberOf = (key: string) => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new UserError(`${where} has the ${key} ${JSON.stringify(text.slice(0, 40))} in its file; get the model again.`); // prettier-ignore
    return Number(text);
  };
  return external(location, numberOf("offset") ?? 0, numberOf("length"));
}

/** How numbers are written, by type. */
const encoders: Partial<Record<ElementType, (data: Numbers) => { readonly buffer: ArrayBufferLike }>> = {
  float: (data) => Float32Array.from(data),
  double: (data) => Float64Array.from(data),
  float16: (data) => Uint16Array.from(data, numberToFloat16),
  ...{ bool: (data) => Uint8Array.from(data), uint8: (data) => Uint8Array.from(data), int8: (data) => Int8Array.from(data) }, // prettier-ignore
  ...{ uint16: (data) => Uint16Array.from(data), int16: (data) => Int16Array.from(data) },
  ...{ uint32: (data) => Uint32Array.from(data), int32: (data) => Int32Array.from(data) },
  uint64: (data) => BigUint64Array.from(Array.from(data, BigInt)),
  int64: (data) => BigInt64Array.from(Array.from(data, BigInt)),
};

/** The message of an array, for writing. Throws a UserError for types that are not written: halves of Google's, and those below 8 bits. */
export function encodeTensor(name: string, { type, shape, data }: HostArray): Partial<TensorProto> {
  const encode = encoders[type];
  if (!encode) throw new UserError(`The tensor ${JSON.stringify(name.slice(0, 60))} is of ${type}, which is not written; convert it to float.`); // prettier-ignore
  const rawData = encode(data);
  return {
    name,
    dims: shape,
    dataType: elementNumber(type),
    rawData: new Uint8Array(rawData.buffer),
  };
}
