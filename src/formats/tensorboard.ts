// TensorBoard's event files, written: records of a length, a checksum, an Event message in protocol buffers' wire format, and another
// checksum (TFRecord). Checksums are CRC-32C, rotated and shifted as TensorFlow has it. Files are formats/files.ts's business.
//
//   record = length (8 bytes) | crc(length) (4) | Event | crc(Event) (4)             little-endian
//   Event { 1: wall_time double, 2: step int64, 3: file_version string, 5: Summary { 1: Value ... } }
//   Value { 1: tag, 2: simple_value float, 4: Image { 1 height, 2 width, 3 channels, 4 PNG }, 5: HistogramProto }

const polynomial = 0x82f63b78; // Castagnoli's, its bits reversed
const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ polynomial : n >>> 1;
  return n;
});

/** CRC-32C (RFC 3720). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum of data that holds checksums is made unlike them. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** Values of one step by tag. */
export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly histograms?: Readonly<Record<string, HistogramValues>>;
  readonly images?: Readonly<
    Record<string, { height: number; width: number; channels: number; png: Uint8Array }>
  >;
}

/** Counts of equally wide bins between min and max. */
export interface HistogramValues {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

type Bytes = readonly number[] | Uint8Array;

const joined = (parts: readonly Bytes[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Seven bits a byte, lowest first. */
function varint(n: number): number[] {
  const bytes: number[] = [];
  for (; n >= 128; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return [...bytes, n];
}

/** Numbers of `bytes` bytes, little-endian. */
function fixed(value: number, bytes: 4 | 8): number[] {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 8) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return [...new Uint8Array(view.buffer)];
}

// A field is its number and how it is written (0 varint, 1 eight bytes, 2 with its length, 5 four bytes), then its value.
const whole = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const double = (field: number, value: number): number[] => [field * 8 + 1, ...fixed(value, 8)];
const float = (field: number, value: number): number[] => [field * 8 + 5, ...fixed(value, 4)];
const message = (field: number, parts: readonly Bytes[]): Uint8Array => {
  const inside = joined(parts);
  return joined([[field * 8 + 2], varint(inside.length), inside]);
};
const text = (field: number, value: string): Uint8Array => message(field, [new TextEncoder().encode(value)]);
const doubles = (field: number, values: readonly number[]): Uint8Array =>
  message(field, values.map((value) => fixed(value, 8))); // prettier-ignore

function histogramMessage({ min, max, counts }: HistogramValues): Uint8Array {
  const width = (max - min) / counts.length;
  const middle = (i: number) => min + (i + 0.5) * width;
  const total = (weight: (i: number) => number) => counts.reduce((sum, n, i) => sum + n * weight(i), 0);
  return message(5, [
    double(1, min),
    double(2, max),
    double(
      3,
      total(() => 1),
    ),
    double(4, total(middle)),
    double(
      5,
      total((i) => middle(i) ** 2),
    ),
    doubles(6, counts.map((_, i) => (i === counts.length - 1 ? max : min + (i + 1) * width))), // prettier-ignore
    doubles(7, counts),
  ]);
}

/** An event as a record. */
export function eventRecord({ wallTime, step, scalars, histograms, images }: TensorBoardEvent): Uint8Array {
  const values = [
    ...Object.entries(scalars ?? {}).map(([tag, value]) => message(1, [text(1, tag), float(2, value)])),
    ...Object.entries(histograms ?? {}).map(([tag, value]) =>
      message(1, [text(1, tag), histogramMessage(value)]),
    ),
    ...Object.entries(images ?? {}).map(([tag, { height, width, channels, png }]) =>
      message(1, [
        text(1, tag),
        message(4, [whole(1, height), whole(2, width), whole(3, channels), message(4, [png])]),
      ]),
    ),
  ];
  return record(joined([double(1, wallTime), whole(2, step), message(5, values)]));
}

/** What a file begins with. */
export const firstRecord = (wallTime: number): Uint8Array =>
  record(joined([double(1, wallTime), text(3, "brain.Event:2")]));

function record(event: Uint8Array): Uint8Array {
  const out = new Uint8Array(event.length + 16);
  const view = new DataView(out.buffer);
  view.setUint32(0, event.length, true);
  view.setUint32(8, masked(crc32c(out.subarray(0, 8))), true);
  out.set(event, 12);
  view.setUint32(12 + event.length, masked(crc32c(event)), true);
  return out;
}
