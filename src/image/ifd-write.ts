// Directories of tags, written: copied out of one block, whichever byte order it has, and laid out in another.
// Reading them is ifd.ts; what the tags mean is tiff.ts.

import { joined } from "./bytes.js";
import { littleEndian, readIfd, type Entry } from "./ifd.js";

export interface Tag {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The value with the low byte first, or the tags of the directory that it points to. */
  readonly value: Uint8Array | readonly Tag[];
}

/** Tags whose value is the place of another directory: EXIF's, GPS's, and that of interoperability. */
const pointers = [34665, 34853, 40965];
/** The bytes of each type's single numbers; a rational is two of four. */
const numberBytes = [1, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4];

/** Those tags of a directory of the block that are wanted, with the directories they point to. */
export function copyTags(block: Uint8Array, at: number, wanted: (tag: number) => boolean, depth = 0): Tag[] {
  const entries = readIfd(block, at).filter(({ tag }) => wanted(tag));
  return entries.flatMap((entry): Tag[] => {
    const { tag, type, count } = entry;
    if (!pointers.includes(tag))
      return [{ tag, type, count, value: lowByteFirst(entry, littleEndian(block)) }];
    const value = depth < 2 ? copyTags(block, entry.numbers[0], () => true, depth + 1) : [];
    return value.length > 0 ? [{ tag, type: 4, count: 1, value }] : [];
  });
}

function lowByteFirst({ type, bytes }: Entry, little: boolean): Uint8Array {
  const value = new Uint8Array(bytes);
  const size = numberBytes[type];
  if (!little)
    for (let at = 0; at + size <= value.length; at += size) value.subarray(at, at + size).reverse();
  return value;
}

/** A directory with all its values, low bytes first, to be put at `at` in its block (an even place). */
export function encodeTags(tags: readonly Tag[], at: number): Uint8Array {
  const sorted = [...tags].sort((a, b) => a.tag - b.tag);
  const head = new Uint8Array(2 + 12 * sorted.length + 4); // the last 4: no directory follows
  const view = new DataView(head.buffer);
  const parts: Uint8Array[] = [head];
  let end = at + head.length;
  view.setUint16(0, sorted.length, true);
  for (const [i, { tag, type, count, value }] of sorted.entries()) {
    const from = 2 + 12 * i;
    view.setUint16(from, tag, true);
    view.setUint16(from + 2, type, true);
    view.setUint32(from + 4, count, true);
    const isInside = value instanceof Uint8Array && value.length <= 4;
    if (isInside) head.set(value, from + 8);
    if (isInside) continue;
    const bytes = value instanceof Uint8Array ? value : encodeTags(value, end);
    view.setUint32(from + 8, end, true);
    parts.push(bytes, new Uint8Array(bytes.length % 2));
    end += bytes.length + (bytes.length % 2);
  }
  return joined(parts);
}

/** A block of its own, as EXIF is. */
export function encodeBlock(tags: readonly Tag[]): Uint8Array {
  return joined([Uint8Array.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), encodeTags(tags, 8)]);
}
