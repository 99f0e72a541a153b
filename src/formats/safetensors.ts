// The safetensors format: eight bytes of header length, a JSON header, then the tensors' bytes without a gap.
// Everything the header says is checked against the bytes that are there before anything is believed.
// https://huggingface.co/docs/safetensors (format section). Files are files.ts; layouts of other libraries pytorch.ts.

import { UserError } from "../base/errors.js";
import { dtypes, elementCount, numberToFloat16, type TensorData } from "./dtypes.js";
import { repeatedKey } from "./json-keys.js";

export interface TensorEntry {
  /** As in the file: "F32", "F16", "BF16", "F64", "I64", ... */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Floating-point kinds as Float32Array, integers in their own typed array, BOOL as bytes of 0 and 1. */
  readonly data: TensorData;
}

export interface Safetensors {
  /** By name, in the order of their bytes. */
  readonly tensors: Map<string, TensorEntry>;
  readonly metadata: Record<string, string>;
}

export interface TensorToWrite {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** Reads a whole file's bytes; `source` names it in messages. Throws UserError, one sentence, when anything is amiss. */
export function readSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const fail = (what: string): never => {
    throw new UserError(`${source} is not a sound safetensors file: ${what}; get the file again.`);
  };
  if (bytes.length < 8) fail(`it has ${bytes.length} bytes and its header length alone takes 8`);
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES)
    fail(`its header claims ${headerBytes} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  if (8 + headerBytes > bytes.length)
    fail(`its header claims ${headerBytes} bytes but only ${bytes.length - 8} follow`);

  const header = parseHeader(bytes.subarray(8, 8 + headerBytes), fail);
  const body = bytes.subarray(8 + headerBytes);
  const metadata = checkMetadata(header.get("__metadata__"), fail);
  header.delete("__metadata__");

  const claims = [...header].map(([name, claim]) => checkClaim(name, claim, source, fail));
  claims.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const claim of claims) {
    if (claim.begin < end)
      fail(`tensor ${quote(claim.name)} overlaps the one before it at byte ${claim.begin}`);
    if (claim.begin > end)
      fail(`${claim.begin - end} bytes before tensor ${quote(claim.name)} belong to no tensor`);
    end = claim.end;
    if (end > body.length) {
      fail(`tensor ${quote(claim.name)} ends at byte ${end} of the data but only ${body.length} are there`);
    }
  }
  if (end < body.length) fail(`${body.length - end} bytes after the last tensor belong to no tensor`);

  const tensors = new Map<string, TensorEntry>();
  for (const { name, dtype, shape, begin, end } of claims) {
    tensors.set(name, { dtype, shape, data: dtypes[dtype].read(new Uint8Array(body.subarray(begin, end))) });
  }
  return { tensors, metadata };
}

type Fail = (what: string) => never;
interface Claim {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

function parseHeader(bytes: Uint8Array, fail: Fail): Map<string, unknown> {
  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    fail("its header is not JSON");
  }
  if (!isRecord(header)) return fail("its header is not a JSON object");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) fail(`its header has the key ${quote(repeated)} twice`);
  return new Map(Object.entries(header));
}

function checkMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    return fail("its __metadata__ is not an object of strings");
  }
  return metadata as Record<string, string>;
}

function checkClaim(name: string, claim: unknown, source: string, fail: Fail): Claim {
  if (!isRecord(claim)) return fail(`tensor ${quote(name)} is not described by a JSON object`);
  const { dtype, shape, data_offsets: offsets } = claim;
  if (typeof dtype !== "string") return fail(`tensor ${quote(name)} has no dtype`);
  if (!Object.hasOwn(dtypes, dtype)) {
    const known = Object.keys(dtypes).join(", ");
    throw new UserError(
      `${source}: tensor ${quote(name)} has the type ${quote(dtype)}, and only ${known} are read; convert it.`,
    );
  }
  if (!isCountList(shape)) return fail(`tensor ${quote(name)} has no shape of whole numbers`);
  if (!isCountList(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(`tensor ${quote(name)} has no data_offsets [begin, end]`);
  }
  const [begin, end] = offsets;
  const bytes = elementCount(shape) * dtypes[dtype].bytes;
  if (bytes !== end - begin) {
    const printed = shape.length <= 8 ? shape.join(", ") : `${shape.slice(0, 8).join(", ")}, ...`;
    return fail(
      `tensor ${quote(name)} of ${dtype} [${printed}] takes ${bytes} bytes but its offsets span ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/**
 * A safetensors file of float32 tensors, or of float16 ones (half the bytes, three decimal digits), in the order given; the
 * header is padded so that the data begins at a multiple of 8 bytes. Throws RangeError when a shape does not fit its data.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
  dtype: "F32" | "F16" = "F32",
): Uint8Array {
  const fields: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === "__metadata__" || elementCount(shape) !== data.length) {
      throw new RangeError(
        `tensor ${quote(name)} of shape [${shape.join(", ")}] cannot be written from ${data.length} values`,
      );
    }
    const length = data.length * dtypes[dtype].bytes;
    fields.push([name, { dtype, shape, data_offsets: [end, end + length] }]);
    end += length;
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const headerBytes = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, 8 + headerBytes);
  let at = 8 + headerBytes;
  for (const { data } of tensors.values()) {
    const stored = dtype === "F32" ? data : Uint16Array.from(data, numberToFloat16);
    bytes.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), at);
    at += stored.byteLength;
  }
  return bytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCountList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** A name from an untrusted file: quoted, on one line, shortened. */
function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name);
}
