// ONNX's element types: their numbers in files, how their bytes become numbers, and what numbers they can hold.
// Everything is computed with in floating point: in float32 on a backend, in float64 where values are known beforehand.

import { UserError } from "../../base/errors.js";
import { float16ToNumber, numberToFloat16 } from "../dtypes.js";
import { decodeSmall, roundSmall, smallFloats, type SmallFloatType } from "./small-floats.js";

export type ElementType =
  | "float"
  | "double"
  | "float16"
  | "bfloat16"
  | "bool"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64"
  | "uint4"
  | "int4"
  | "uint2"
  | "int2"
  | SmallFloatType;

/** TensorProto.DataType. */
const byNumber: Readonly<Record<number, ElementType>> = {
  ...{ 1: "float", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool" },
  ...{ 10: "float16", 11: "double", 12: "uint32", 13: "uint64", 16: "bfloat16", 21: "uint4", 22: "int4" },
  ...{ 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 23: "float4e2m1" },
  ...{ 24: "float8e8m0", 25: "uint2", 26: "int2" },
};
const unread: Readonly<Record<number, string>> = {
  ...{ 8: "string", 14: "complex64", 15: "complex128" },
};

/** The type of this number in a file. Throws a UserError, which begins with `where`, for strings and other types that are not read. */
export function elementType(number: number | undefined, where: string): ElementType {
  const type = byNumber[number ?? 0];
  if (type) return type;
  const name = unread[number ?? 0] ?? `number ${number ?? 0}`;
  throw new UserError(`${where} has the element type ${name}, which is not read; convert it to float.`);
}

export const elementNumber = (type: ElementType): number =>
  Number(Object.keys(byNumber).find((number) => byNumber[Number(number)] === type));

export const isFloat = (type: ElementType): boolean =>
  type === "float" || type === "double" || type === "float16" || type === "bfloat16" || isSmall(type);

export const isSmall = (type: ElementType): type is SmallFloatType => Object.hasOwn(smallFloats, type);
/** Bits of an element of four or two bits, which share bytes; else undefined. */
export const narrowBits = (type: ElementType): number | undefined =>
  type === "float4e2m1" ? 4 : /^u?int[24]$/.test(type) ? Number(type.at(-1)) : undefined;

/** Bits of a whole number's type; bool is not one. */
const integerBits = /^(u?)int(\d+)$/;
export const isInteger = (type: ElementType): boolean => integerBits.test(type);

/** The least and the largest number of an integer type. */
export function rangeOf(type: ElementType): readonly [least: number, most: number] {
  const [, unsigned, bits] = integerBits.exec(type)!;
  const n = Number(bits);
  return unsigned ? [0, 2 ** n - 1] : [-(2 ** (n - 1)), 2 ** (n - 1) - 1];
}

export type Numbers = Float32Array | Float64Array;

const view = <T>(make: new (buffer: ArrayBufferLike, at: number, n: number) => T, size: number) =>
  (raw: Uint8Array): T => new make(raw.buffer, raw.byteOffset, raw.byteLength / size); // prettier-ignore

type Decoder = (raw: Uint8Array, count: number) => Iterable<number> | Iterable<bigint>;
const decoders: Readonly<Record<Exclude<ElementType, SmallFloatType>, Decoder>> = {
  float: view(Float32Array, 4),
  double: view(Float64Array, 8),
  float16: (raw) => Float32Array.from(view(Uint16Array, 2)(raw), float16ToNumber),
  bfloat16: (raw) =>
    new Float32Array(Uint32Array.from(view(Uint16Array, 2)(raw), (bits) => bits << 16).buffer),
  bool: (raw) => raw.map((byte) => Number(byte !== 0)),
  uint8: (raw) => raw,
  int8: view(Int8Array, 1),
  uint16: view(Uint16Array, 2),
  int16: view(Int16Array, 2),
  uint32: view(Uint32Array, 4),
  int32: view(Int32Array, 4),
  uint64: view(BigUint64Array, 8),
  int64: view(BigInt64Array, 8),
  uint4: (raw, count) => unpacked(raw, count, 4, false),
  int4: (raw, count) => unpacked(raw, count, 4, true),
  uint2: (raw, count) => unpacked(raw, count, 2, false),
  int2: (raw, count) => unpacked(raw, count, 2, true),
};

/** Several elements a byte, the first in the lowest bits. */
function unpacked(raw: Uint8Array, count: number, bits: number, signed: boolean): number[] {
  const perByte = 8 / bits;
  return Array.from({ length: count }, (_, i) => {
    const value = (raw[Math.floor(i / perByte)] >> ((i % perByte) * bits)) & (2 ** bits - 1);
    return signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  });
}

/** Bytes of so many elements in a file. */
export function byteLength(type: ElementType, count: number): number {
  const bits = narrowBits(type) ??
    (type === "bool" || isSmall(type) ? 8 : type === "float" ? 32 : type === "double" ? 64 : isFloat(type) ? 16 : Number(integerBits.exec(type)![2])); // prettier-ignore
  return Math.ceil((count * bits) / 8);
}

/** Little-endian bytes as numbers: floats of up to 32 bits as float32, everything else as float64. */
export function decodeElements(type: ElementType, raw: Uint8Array, count: number): Numbers {
  const aligned = new Uint8Array(raw); // a copy: a view of wider elements must begin at a multiple of their size
  if (isSmall(type))
    return decodeSmall(type, type === "float4e2m1" ? unpacked(raw, count, 4, false) : aligned);
  const values = decoders[type](aligned, count);
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  return Float64Array.from(values as Iterable<number>, Number);
}

/** Numbers that a file lists one by one: halves stand there as their bits. */
export function listedElements(type: ElementType, values: readonly number[], count: number): Numbers {
  if (type === "float") return Float32Array.from(values);
  if (type === "float16") return Float32Array.from(values, float16ToNumber);
  if (type === "bfloat16")
    return decodeElements(type, new Uint8Array(Uint16Array.from(values).buffer), count);
  if (narrowBits(type) !== undefined || isSmall(type))
    return decodeElements(type, Uint8Array.from(values), count);
  return Float64Array.from(values);
}

/** The number as the type holds it: whole and wrapped round, rounded to half precision, 0 or 1. */
export function castNumber(value: number, type: ElementType, saturate = true): number {
  if (isSmall(type)) return roundSmall(type, value, saturate);
  if (type === "bool") return Number(value !== 0);
  if (type === "float16") return float16ToNumber(numberToFloat16(value));
  if (type === "float") return Math.fround(value);
  if (!isInteger(type)) return value;
  const [least, most] = rangeOf(type);
  const whole = Math.trunc(value);
  if (whole >= least && whole <= most) return whole;
  if (!Number.isFinite(whole)) return Number.isNaN(whole) ? 0 : whole > 0 ? most : least;
  const span = most - least + 1;
  return ((((whole - least) % span) + span) % span) + least;
}
