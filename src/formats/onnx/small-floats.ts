// Floating-point numbers of four and eight bits: how their bits read, and how a number becomes the nearest of them. ONNX's names:
// e4m3fn has 4 bits of exponent and 3 of mantissa, and is finite; "uz" has no minus zero. https://onnx.ai/onnx/technical/float8.html

export interface SmallFloat {
  readonly bits: number;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  readonly signed: boolean;
  /** Codes of NaN, and of infinity where there is one. */
  readonly nan: readonly number[];
  readonly infinity?: number;
}

export const smallFloats = {
  float8e4m3fn: { bits: 8, exponentBits: 4, mantissaBits: 3, bias: 7, signed: true, nan: [0x7f, 0xff] },
  float8e4m3fnuz: { bits: 8, exponentBits: 4, mantissaBits: 3, bias: 8, signed: true, nan: [0x80] },
  float8e5m2: {
    ...{ bits: 8, exponentBits: 5, mantissaBits: 2, bias: 15, signed: true, infinity: 0x7c },
    nan: [0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff],
  },
  float8e5m2fnuz: { bits: 8, exponentBits: 5, mantissaBits: 2, bias: 16, signed: true, nan: [0x80] },
  float8e8m0: { bits: 8, exponentBits: 8, mantissaBits: 0, bias: 127, signed: false, nan: [0xff] },
  float4e2m1: { bits: 4, exponentBits: 2, mantissaBits: 1, bias: 1, signed: true, nan: [] },
} as const satisfies Record<string, SmallFloat>;

export type SmallFloatType = keyof typeof smallFloats;

/** What a code stands for. */
function decode(code: number, format: SmallFloat): number {
  const { bits, mantissaBits, bias, signed, infinity } = format;
  if (format.nan.includes(code)) return NaN;
  const sign = signed && code >> (bits - 1) ? -1 : 1;
  const size = signed ? code & (2 ** (bits - 1) - 1) : code;
  if (size === infinity) return sign * Infinity;
  const exponent = size >> mantissaBits;
  const fraction = (size & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 0 && signed) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

interface Table {
  readonly values: readonly number[];
  /** The sizes that there are, from the smallest on. */
  readonly sizes: readonly number[];
}
const tables = new Map<SmallFloatType, Table>();
function tableOf(type: SmallFloatType): Table {
  const known = tables.get(type);
  if (known) return known;
  const format: SmallFloat = smallFloats[type];
  const values = Array.from({ length: 2 ** format.bits }, (_, code) => decode(code, format));
  const sizes = values.filter((v) => Number.isFinite(v) && (v > 0 || Object.is(v, 0))).sort((a, b) => a - b);
  const table = { values, sizes: [...new Set(sizes)] };
  tables.set(type, table);
  return table;
}

export const decodeSmall = (type: SmallFloatType, codes: Iterable<number>): Float32Array =>
  Float32Array.from(codes, (code) => tableOf(type).values[code]);

/**
 * The nearest number of the type, halves to the even code. Beyond the largest it is the largest if `saturate`, else infinity or,
 * where the type has none, NaN.
 */
export function roundSmall(type: SmallFloatType, value: number, saturate = true): number {
  const format: SmallFloat = smallFloats[type];
  const { sizes } = tableOf(type);
  const most = sizes[sizes.length - 1];
  if (Number.isNaN(value)) return format.nan.length > 0 ? NaN : 0;
  const sign = value < 0 || Object.is(value, -0) ? -1 : 1;
  const size = Math.abs(value);
  const beyond = format.infinity !== undefined ? sign * Infinity : NaN;
  if (size === Infinity) return saturate ? sign * most : beyond;
  let i = sizes.findIndex((s) => s >= size);
  if (i < 0) {
    // Up to half a step above the largest rounds down to it.
    const step = most - sizes[sizes.length - 2];
    if (saturate || size < most + step / 2 || (size === most + step / 2 && format.infinity === undefined)) return sign * most; // prettier-ignore
    return beyond;
  }
  // Powers of two alone are rounded up, as ONNX has it.
  if (i > 0 && format.signed) {
    const [below, above] = [size - sizes[i - 1], sizes[i] - size];
    if (below < above || (below === above && (i - 1) % 2 === 0)) i--;
  }
  return sizes[i] === 0 && type.endsWith("uz") ? 0 : sign * sizes[i];
}
