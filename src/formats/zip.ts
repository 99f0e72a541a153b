// Zip archives without compression, as PyTorch and Keras write them: the files by name, each a part of the archive's bytes.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { UserError } from "../base/errors.js";

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
/** A comment may follow the end record. */
const MAX_COMMENT = 65535;
const MAX_ENTRIES = 1_000_000;

export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length > 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === LOCAL;

/** The files of an archive. Throws a UserError that names `source` for what is compressed, encrypted or not sound. */
export function readZip(bytes: Uint8Array, source: string): Map<string, Uint8Array> {
  const fail = (what: string): never => {
    throw new UserError(`${source} is not a sound zip archive: ${what}; get the file again.`);
  };
  try {
    return entriesOf(bytes, source, fail);
  } catch (error) {
    if (error instanceof RangeError) return fail("it breaks off"); // what DataView says of bytes that are not there
    throw error;
  }
}

function entriesOf(
  bytes: Uint8Array,
  source: string,
  fail: (what: string) => never,
): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { count, offset } = directoryOf(view, fail);
  const files = new Map<string, Uint8Array>();
  for (let i = 0, at = offset; i < count; i++) {
    if (view.getUint32(at, true) !== ENTRY) fail("its directory is broken");
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if ((flags & 1) !== 0) fail("it is encrypted");
    if (method !== 0)
      throw new UserError(`${source} holds compressed files, which are not read; unpack it and pack it again without compression, or save the network again.`); // prettier-ignore
    const sizes = { size: view.getUint32(at + 24, true), offset: view.getUint32(at + 42, true) };
    const { size, offset: local } = widened(view, at + 46 + nameLength, extraLength, sizes);
    if (view.getUint32(local, true) !== LOCAL) fail(`the file ${JSON.stringify(name.slice(0, 60))} in it is not where it should be`); // prettier-ignore
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (!(start + size <= bytes.length))
      fail(`the file ${JSON.stringify(name.slice(0, 60))} in it breaks off`);
    if (files.has(name)) fail(`it holds ${JSON.stringify(name.slice(0, 60))} twice`);
    files.set(name, bytes.subarray(start, start + size));
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return files;
}

/** Where the directory is, and how many entries it has. */
function directoryOf(view: DataView, fail: (what: string) => never): { count: number; offset: number } {
  for (
    let at = view.byteLength - END_BYTES;
    at >= Math.max(0, view.byteLength - END_BYTES - MAX_COMMENT);
    at--
  ) {
    if (view.getUint32(at, true) !== END) continue;
    let [count, offset] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)];
    if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR64) {
      const record = Number(view.getBigUint64(at - 20 + 8, true));
      if (view.getUint32(record, true) !== END64) fail("its end is broken");
      [count, offset] = [
        Number(view.getBigUint64(record + 32, true)),
        Number(view.getBigUint64(record + 48, true)),
      ];
    }
    if (count > MAX_ENTRIES) fail(`it claims ${count} files`);
    return { count, offset };
  }
  return fail("it has no end");
}

/** Sizes beyond 4 GiB stand in an extra field of their own, where the plain ones are all ones. */
function widened(view: DataView, at: number, length: number, plain: { size: number; offset: number }) {
  let { size, offset } = plain;
  for (let end = at + length; at + 4 <= end;) {
    const [id, bytes] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (id === 1) {
      let from = at + 4;
      if (size === 0xffffffff) {
        size = Number(view.getBigUint64(from, true));
        from += 8; // the size as stored stands beside it, and is the same
        if (from + 8 <= at + 4 + bytes) from += 8;
      }
      if (offset === 0xffffffff) offset = Number(view.getBigUint64(from, true));
    }
    at += 4 + bytes;
  }
  return { size, offset };
}
