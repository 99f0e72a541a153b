// The element types of safetensors files: how many bytes each takes and which typed array it is read into.
// Bytes are little-endian, in the file and on every processor that Node runs Fovea on.

export type TensorData =
  | Float32Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array;

export interface Dtype {
  readonly bytes: number;
  /** Takes over `raw`, whose buffer must hold nothing else and whose length must be a multiple of `bytes`. */
  read(raw: Uint8Array): TensorData;
}

export const dtypes: Readonly<Record<string, Dtype>> = {
  F64: { bytes: 8, read: (raw) => Float32Array.from(new Float64Array(raw.buffer)) },
  F32: { bytes: 4, read: (raw) => new Float32Array(raw.buffer) },
  F16: { bytes: 2, read: readFloat16 },
  BF16: { bytes: 2, read: readBfloat16 },
  I64: { bytes: 8, read: (raw) => new BigInt64Array(raw.buffer) },
  U64: { bytes: 8, read: (raw) => new BigUint64Array(raw.buffer) },
  I32: { bytes: 4, read: (raw) => new Int32Array(raw.buffer) },
  U32: { bytes: 4, read: (raw) => new Uint32Array(raw.buffer) },
  I16: { bytes: 2, read: (raw) => new Int16Array(raw.buffer) },
  U16: { bytes: 2, read: (raw) => new Uint16Array(raw.buffer) },
  I8: { bytes: 1, read: (raw) => new Int8Array(raw.buffer) },
  U8: { bytes: 1, read: (raw) => raw },
  BOOL: { bytes: 1, read: (raw) => raw },
};

/** How many elements a shape holds; 1 for a scalar's []. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** IEEE 754 binary16: 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Every binary16's value, made once a file has some: looking them up is many times faster. */
let float16Values: Float32Array | undefined;

function readFloat16(raw: Uint8Array): Float32Array {
  float16Values ??= Float32Array.from({ length: 65536 }, (_, bits) => float16ToNumber(bits));
  const halves = new Uint16Array(raw.buffer);
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = float16Values[halves[i]];
  return values;
}

/** The nearest binary16 to a number, halves to the even one; too large ones become infinite. */
export function numberToFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  // Steps between neighbours: 2^-24 below 2^-14, then ten bits finer than the leading one. Sums with the integer part of the
  // encoding carry into the exponent by themselves.
  const exponent = Math.max(-14, Math.min(16, Math.floor(Math.log2(size))));
  const steps = roundedToEven(size * 2 ** (10 - exponent));
  return sign | Math.min(0x7c00, (exponent + 14) * 1024 + steps);
}

function roundedToEven(x: number): number {
  const below = Math.floor(x);
  const over = x - below;
  return over > 0.5 || (over === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** bfloat16 is the upper half of a float32. */
function readBfloat16(raw: Uint8Array): Float32Array {
  const words = Uint32Array.from(new Uint16Array(raw.buffer), (bits) => bits << 16);
  return new Float32Array(words.buffer);
}
