// Equality of arrays bit by bit: NaN equals itself, and 0 is not -0.

const bytesOf = (numbers: Float32Array) =>
  Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);

export const sameBits = (a: Float32Array, b: Float32Array): boolean => bytesOf(a).equals(bytesOf(b));
