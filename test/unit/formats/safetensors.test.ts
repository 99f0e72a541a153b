import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/base/errors.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { float16ToNumber, numberToFloat16 } from "../../../src/formats/dtypes.js";
import { readSafetensorsFile, writeSafetensorsFile } from "../../../src/formats/files.js";
import { readSafetensors, writeSafetensors } from "../../../src/formats/safetensors.js";

/** A file with this header (text or object) and this body. */
function file(header: unknown, body: Uint8Array = new Uint8Array(0), claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}
const entry = (dtype: string, shape: unknown, begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

function messageOf(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes, "w.safetensors");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  return "no error";
}

const sample = () =>
  writeSafetensors(
    new Map([
      ["layer.weight", { shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, -6.5]) }],
      ["layer.bias", { shape: [], data: Float32Array.from([7]) }],
      ["none", { shape: [0, 4], data: new Float32Array(0) }],
    ]),
    { step: "12", note: 'a "quoted" {text}: ü' },
  );

describe("safetensors", () => {
  it("writes exactly the bytes of the format, the data at a multiple of 8", () => {
    const bytes = writeSafetensors(new Map([["a", { shape: [2], data: Float32Array.from([1, -2]) }]]), {
      k: "v",
    });
    const header = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    expect(header.length).toBe(79);
    const expected = [80, 0, 0, 0, 0, 0, 0, 0, ...Buffer.from(`${header} `), 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0];
    expect([...bytes]).toEqual(expected);
  });

  it("reads back what it wrote, names, shapes, values, order and metadata", () => {
    const { tensors, metadata } = readSafetensors(sample(), "w");
    expect(metadata).toEqual({ step: "12", note: 'a "quoted" {text}: ü' });
    expect([...tensors.keys()].sort()).toEqual(["layer.bias", "layer.weight", "none"]);
    expect(tensors.get("layer.weight")).toEqual({
      dtype: "F32",
      shape: [2, 3],
      data: Float32Array.from([1, 2, 3, 4, 5, -6.5]),
    });
    expect(tensors.get("layer.bias")).toEqual({ dtype: "F32", shape: [], data: Float32Array.from([7]) });
    expect(tensors.get("none")?.data.length).toBe(0);
    expect(() => writeSafetensors(new Map([["a", { shape: [3], data: new Float32Array(2) }]]))).toThrow(
      RangeError,
    );
  });

  it("hands out copies, from bytes at any place of a larger buffer", () => {
    const bytes = sample();
    const larger = Buffer.alloc(bytes.length + 3);
    larger.set(bytes, 3);
    const { tensors } = readSafetensors(larger.subarray(3), "w");
    larger.fill(0xff);
    expect([...tensors.get("layer.weight")!.data]).toEqual([1, 2, 3, 4, 5, -6.5]);
  });

  it("keeps a tensor named __proto__ a tensor", () => {
    const bytes = file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(9));
    expect(readSafetensors(bytes, "w").tensors.get("__proto__")?.data).toEqual(Uint8Array.of(9));
  });

  it.each([
    { dtype: "F64", raw: new Float64Array([1.5, -2]), read: new Float32Array([1.5, -2]) },
    { dtype: "F16", raw: new Uint16Array([0x3c00, 0xc500]), read: new Float32Array([1, -5]) },
    { dtype: "BF16", raw: new Uint16Array([0x3f80, 0xc0a0]), read: new Float32Array([1, -5]) },
    { dtype: "I64", raw: new BigInt64Array([1n, -2n]), read: new BigInt64Array([1n, -2n]) },
    { dtype: "I32", raw: new Int32Array([1, -2]), read: new Int32Array([1, -2]) },
    { dtype: "I16", raw: new Int16Array([1, -2]), read: new Int16Array([1, -2]) },
    { dtype: "U8", raw: new Uint8Array([1, 200]), read: new Uint8Array([1, 200]) },
    { dtype: "BOOL", raw: new Uint8Array([1, 0]), read: new Uint8Array([1, 0]) },
  ])("reads $dtype", ({ dtype, raw, read }) => {
    const body = new Uint8Array(raw.buffer);
    const { tensors } = readSafetensors(file({ t: entry(dtype, [2], 0, body.length) }, body), "w");
    expect(tensors.get("t")).toEqual({ dtype, shape: [2], data: read });
  });

  it("knows every kind of half-precision number", () => {
    const pairs = [
      [0, 0],
      [1, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
    ];
    for (const [bits, value] of pairs) expect(float16ToNumber(bits)).toBe(value);
    expect(float16ToNumber(0x7e00)).toBeNaN();
  });

  it("writes float16: every value that float16 has to its own bits, what lies between to the nearest, halves to even", () => {
    // 160,000 calls of expect() would take seconds.
    const wrong: number[] = [];
    const check = (value: number, bits: number) => numberToFloat16(value) === bits || wrong.push(value);
    for (let bits = 0; bits < 0x8000; bits++) {
      const value = float16ToNumber(bits);
      if (Number.isNaN(value)) continue;
      check(value, bits);
      check(-value, bits | 0x8000);
      const next = float16ToNumber(bits + 1);
      if (!Number.isFinite(next)) continue;
      check((value + next) / 2, bits + (bits % 2));
      check(value + 0.49 * (next - value), bits);
      check(value + 0.51 * (next - value), bits + 1);
    }
    expect(wrong).toEqual([]);
    expect([65519, 65520, Infinity, NaN].map(numberToFloat16)).toEqual([0x7bff, 0x7c00, 0x7c00, 0x7e00]);
    const tensors = new Map([["w", { shape: [3], data: Float32Array.from([1, -2.5, 0.1]) }]]);
    const written = writeSafetensors(tensors, {}, "F16");
    const { dtype, shape, data } = readSafetensors(written, "w").tensors.get("w")!;
    expect({ dtype, shape, data: [...(data as Float32Array)] }).toEqual({
      dtype: "F16",
      shape: [3],
      data: [1, -2.5, 0.0999755859375],
    });
  });
});

describe("a safetensors file that lies", () => {
  const u8 = (begin: number, end: number) => entry("U8", [end - begin], begin, end);
  it.each([
    ["empty", new Uint8Array(0), /it has 0 bytes/],
    ["shorter than its length field", new Uint8Array(7), /it has 7 bytes/],
    [
      "a header longer than the file",
      file("{}", undefined, 3n),
      /its header claims 3 bytes but only 2 follow/,
    ],
    [
      "a huge header",
      file("{}", undefined, 2n ** 63n),
      /its header claims 9223372036854776000 bytes, more than/,
    ],
    ["no JSON", file("{not json"), /its header is not JSON/],
    ["no UTF-8", Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff]), /its header is not JSON/],
    ["no object", file("[1]"), /its header is not a JSON object/],
    ["metadata of numbers", file({ __metadata__: { a: 1 } }), /its __metadata__ is not an object of strings/],
    ["metadata of a list", file({ __metadata__: ["a"] }), /its __metadata__/],
    [
      "a tensor twice",
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{}}', new Uint8Array(1)),
      /has the key "a" twice/,
    ],
    [
      "a field twice",
      file('{"a":{"dtype":"U8","dtype" : "I8","shape":[1],"data_offsets":[0,1]}}', new Uint8Array(1)),
      /has the key "dtype" twice/,
    ],
    ["a tensor that is a number", file({ a: 5 }), /tensor "a" is not described/],
    ["no dtype", file({ a: { shape: [1], data_offsets: [0, 1] } }), /tensor "a" has no dtype/],
    [
      "an unknown dtype",
      file({ a: entry("F8_E4M3", [1], 0, 1) }, new Uint8Array(1)),
      /tensor "a" has the type "F8_E4M3", and only F64/,
    ],
    [
      "a dtype of every object",
      file({ a: entry("toString", [1], 0, 1) }, new Uint8Array(1)),
      /has the type "toString"/,
    ],
    ["a negative size", file({ a: entry("U8", [-1], 0, 1) }, new Uint8Array(1)), /tensor "a" has no shape/],
    [
      "a fractional size",
      file({ a: entry("U8", [1.5], 0, 1) }, new Uint8Array(1)),
      /tensor "a" has no shape/,
    ],
    [
      "no shape",
      file({ a: { dtype: "U8", data_offsets: [0, 1] } }, new Uint8Array(1)),
      /tensor "a" has no shape/,
    ],
    ["three offsets", file({ a: { dtype: "U8", shape: [1], data_offsets: [0, 1, 2] } }), /no data_offsets/],
    ["offsets that run backwards", file({ a: entry("U8", [0], 1, 0) }, new Uint8Array(1)), /no data_offsets/],
    [
      "a shape of other bytes",
      file({ a: entry("F32", [2, 2], 0, 8) }, new Uint8Array(8)),
      /"a" of F32 \[2, 2\] takes 16 bytes but its offsets span 8/,
    ],
    [
      "a shape beyond counting",
      file({ a: entry("F32", [2 ** 52, 2 ** 52], 0, 8) }, new Uint8Array(8)),
      /takes .* bytes but its offsets span 8/,
    ],
    [
      "offsets beyond the end",
      file({ a: u8(0, 9) }, new Uint8Array(8)),
      /"a" ends at byte 9 of the data but only 8 are there/,
    ],
    [
      "overlapping tensors",
      file({ a: u8(0, 5), b: u8(4, 8) }, new Uint8Array(8)),
      /"b" overlaps the one before it at byte 4/,
    ],
    ["the same bytes twice", file({ a: u8(0, 8), b: u8(0, 8) }, new Uint8Array(8)), /"b" overlaps/],
    [
      "a hole",
      file({ a: u8(0, 4), b: u8(5, 8) }, new Uint8Array(8)),
      /1 bytes before tensor "b" belong to no tensor/,
    ],
    ["bytes left over", file({ a: u8(0, 4) }, new Uint8Array(8)), /4 bytes after the last tensor/],
  ])("%s", (_, bytes, message) => {
    expect(messageOf(bytes)).toMatch(/^w\.safetensors[^\n]*\.$/);
    expect(messageOf(bytes)).toMatch(message);
  });

  it("is refused when cut short at any byte", () => {
    const bytes = sample();
    for (let length = 0; length < bytes.length; length++)
      expect(messageOf(bytes.subarray(0, length))).not.toBe("no error");
  });

  it("is refused with one sentence, or read, after random mutations", () => {
    const stream = new RandomStream(20260102);
    const base = sample();
    let refused = 0;
    for (let round = 0; round < 4000; round++) {
      const bytes = base.slice();
      // Digits and punctuation of the header are the places that matter; elsewhere any byte.
      for (let edits = 1 + stream.integer(3); edits > 0; edits--) {
        const at = stream.integer(bytes.length);
        const digits = '0123456789-,:{}[]".eE';
        bytes[at] = stream.integer(2)
          ? digits.charCodeAt(stream.integer(digits.length))
          : stream.integer(256);
      }
      const message = messageOf(
        bytes.subarray(0, bytes.length - (stream.integer(8) ? 0 : stream.integer(9))),
      );
      if (message === "no error") continue;
      refused++;
      expect(message).toMatch(/^w\.safetensors[^\n]{10,400}\.$/);
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it("is refused when its header is one long string or deeply nested", () => {
    expect(messageOf(file(`{"a":"${"\\\\".repeat(2_000_000)}"}`))).toMatch(/tensor "a" is not described/);
    expect(messageOf(file(`{"a":${"[".repeat(500_000)}${"]".repeat(500_000)}}`))).toMatch(/w\.safetensors/);
  });
});

describe("safetensors files", () => {
  it("are written whole, replace the old one, and are named in errors", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-formats-"));
    const target = path.join(folder, "w.safetensors");
    writeSafetensorsFile(target, new Map([["a", { shape: [1], data: Float32Array.of(1) }]]));
    writeSafetensorsFile(target, new Map([["a", { shape: [1], data: Float32Array.of(2) }]]), { step: "2" });
    expect(readSafetensorsFile(target)).toEqual({
      tensors: new Map([["a", { dtype: "F32", shape: [1], data: Float32Array.of(2) }]]),
      metadata: { step: "2" },
    });
    expect(fs.readdirSync(folder)).toEqual(["w.safetensors"]);
    expect(() => writeSafetensorsFile(path.join(folder, "no", "w"), new Map())).toThrow(
      /^Cannot write .*w: no such file or folder/,
    );
    expect(() => readSafetensorsFile(path.join(folder, "none"))).toThrow(/^Cannot read .*none: no such file/);
    fs.writeFileSync(target, fs.readFileSync(target).subarray(0, 20));
    expect(() => readSafetensorsFile(target)).toThrow(
      /w\.safetensors is not a sound safetensors file: its header claims \d+ bytes but only 12 follow/,
    );
    fs.symlinkSync(target, path.join(folder, "link"));
    writeSafetensorsFile(path.join(folder, "link"), new Map(), { step: "3" });
    expect(fs.lstatSync(path.join(folder, "link")).isSymbolicLink()).toBe(true);
    expect(readSafetensorsFile(target).metadata.step).toBe("3");
    expect(() => writeSafetensorsFile("/dev/null", new Map())).toThrow(
      /^Cannot write \/dev\/null: it is no ordinary file/,
    );
    fs.rmSync(folder, { recursive: true });
  });

  const published = "../shared/data/weights/dncnn-s-25.safetensors";
  if (!fs.existsSync(published))
    console.warn(`${published} is not there: the test of published weights is skipped`);
  it.skipIf(!fs.existsSync(published))("of others are read", () => {
    const { tensors, metadata } = readSafetensorsFile(published);
    expect(metadata.layout).toBe("PyTorch OIHW");
    expect(tensors.size).toBe(34);
    expect(tensors.get("model.0.weight")?.shape).toEqual([64, 1, 3, 3]);
    for (const { data } of tensors.values()) expect((data as Float32Array).every(Number.isFinite)).toBe(true);
  });
});
