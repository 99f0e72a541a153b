// Bytes joined, and letters as bytes: what every file format's reader and writer needs.

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** One byte a letter. */
export const latin = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const begins = (data: Uint8Array, name: string): boolean =>
  data.length >= name.length && latin(name).every((byte, i) => data[i] === byte);
