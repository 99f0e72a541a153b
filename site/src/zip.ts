// A zip archive of files as they are, without compression, for pictures that are compressed already.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { machine } from "../../src/image/deflate.js";

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
/** Names are UTF-8. */
const UTF8 = 0x0800;
/** 1 January 1980, the first day that there is: nothing tells when a picture was made. */
const DATE = 0x0021;
/** Sizes and places are 32 bits. */
const MOST_BYTES = 0xffffffff;

export interface ZipFile {
  readonly name: string;
  readonly blob: Blob;
}

/** Throws an Error with a sentence for more than 4 GB. A name that comes again gets a number. */
export async function zipOf(files: readonly ZipFile[]): Promise<Blob> {
  const parts: (Blob | Uint8Array<ArrayBuffer>)[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  const taken = new Set<string>();
  let at = 0;
  for (const { name, blob } of files) {
    if (at + blob.size > MOST_BYTES)
      throw new Error("The pictures are more than the 4 GB that a zip holds; download them one by one.");
    const crc = machine.deflate.crc32(new Uint8Array(await blob.arrayBuffer()));
    const bytes = new TextEncoder().encode(unused(name, taken));
    const facts = [20, UTF8, 0, 0, DATE, [crc], [blob.size], [blob.size], bytes.length, 0] as const;
    const header = joined(numbers([LOCAL], ...facts), bytes);
    directory.push(joined(numbers([ENTRY], 20, ...facts, 0, 0, 0, [0], [at]), bytes));
    parts.push(header, blob);
    at += header.length + blob.size;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = numbers([END], 0, 0, files.length, files.length, [size], [at], 0);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Sixteen bits a number, thirty-two for one in a list; the least significant byte first. */
function numbers(...values: readonly (number | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = values.flatMap((value) => {
    const [n, count] = typeof value === "number" ? [value, 2] : [value[0], 4];
    return Array.from({ length: count }, (_, i) => (n >>> (8 * i)) & 255);
  });
  return Uint8Array.from(bytes);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** "a.png", then "a (2).png". */
function unused(name: string, taken: Set<string>): string {
  let [free, count] = [name, 1];
  while (taken.has(free)) free = name.replace(/(\.[^.]*)?$/, (ending) => ` (${++count})${ending}`);
  taken.add(free);
  return free;
}
