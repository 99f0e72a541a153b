// Directories of tags: what a TIFF file and an EXIF block are made of. Read leniently, as cameras write them; written back with
// other tags. Adobe, "TIFF Revision 6.0", sections 2 and 8. What the tags mean is left to exif.ts and tiff.ts.

export interface Entry {
  readonly tag: number;
  /** 1 byte, 2 text, 3 short, 4 long, 5 rational, 7 undefined, and so on. */
  readonly type: number;
  readonly count: number;
  /** Where its value lies. */
  readonly valueAt: number;
  /** The value's bytes as they stand. */
  readonly bytes: Uint8Array;
  /** The value as numbers; rationals divided, texts as bytes. At most 64 of them. */
  readonly numbers: readonly number[];
}

const bytesOfType = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

/** Whether the block's numbers have the low byte first ("II"). */
export const littleEndian = (bytes: Uint8Array): boolean => bytes[0] === 0x49;

/** Where the block's first directory is; 0 if it is no such block. */
export function firstIfd(bytes: Uint8Array): number {
  if (bytes.length < 8 || bytes[0] !== bytes[1] || ![0x49, 0x4d].includes(bytes[0])) return 0;
  return viewOf(bytes).getUint32(4, littleEndian(bytes));
}

/** The tags of a directory, the first by default; none where there is no sound one. Entries that point outside are left out. */
export function readIfd(bytes: Uint8Array, at = firstIfd(bytes)): Entry[] {
  const little = littleEndian(bytes);
  const view = viewOf(bytes);
  if (at < 8 || at + 2 > bytes.length) return [];
  const entries: Entry[] = [];
  for (
    let i = 0, from = at + 2;
    i < view.getUint16(at, little) && from + 12 <= bytes.length;
    i++, from += 12
  ) {
    const [tag, type] = [view.getUint16(from, little), view.getUint16(from + 2, little)];
    const count = view.getUint32(from + 4, little);
    const length = count * (bytesOfType[type] ?? 0);
    const valueAt = length <= 4 ? from + 8 : view.getUint32(from + 8, little);
    if (length === 0 || valueAt + length > bytes.length) continue;
    const value = bytes.subarray(valueAt, valueAt + length);
    entries.push({ tag, type, count, valueAt, bytes: value, numbers: numbersOf(value, type, count, little) });
  }
  return entries;
}

/** Where the directory after the one at `at` is; 0 for the last. */
export function nextIfd(bytes: Uint8Array, at: number): number {
  const little = littleEndian(bytes);
  const view = viewOf(bytes);
  if (at < 8 || at + 2 > bytes.length) return 0;
  const end = at + 2 + 12 * view.getUint16(at, little);
  return end + 4 <= bytes.length ? view.getUint32(end, little) : 0;
}

function numbersOf(value: Uint8Array, type: number, count: number, little: boolean): number[] {
  const view = viewOf(value);
  const size = bytesOfType[type];
  return Array.from({ length: Math.min(count, 64) }, (_, i) => {
    const at = i * size;
    switch (type) {
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 6:
        return view.getInt8(at);
      case 8:
        return view.getInt16(at, little);
      case 9:
        return view.getInt32(at, little);
      case 10:
        return view.getInt32(at, little) / view.getInt32(at + 4, little);
      case 11:
        return view.getFloat32(at, little);
      case 12:
        return view.getFloat64(at, little);
      default:
        return value[at];
    }
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
