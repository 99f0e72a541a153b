// Protocol buffers' bytes as plain objects and back, by the tables of messages.ts. Varints, floats and text are pbf's; that every
// length lies inside its message, that nesting ends and that wire types fit is seen to here. What the fields mean is graph.ts's.

import { PbfReader, PbfWriter } from "pbf";
import { UserError } from "../../base/errors.js";
import type { FieldKind, MessageTable } from "./messages.js";

/** Deeper than any graph in a graph in an attribute. */
const MAX_DEPTH = 32;
/** An empty message takes two bytes in a file and hundreds in memory. */
const MAX_MESSAGES = 2_000_000;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

type Message = Record<string, unknown>;
type Fail = (what: string) => never;

/** The fields of a message by name; lists that are not there are empty. Throws a UserError that names `source`. */
export function readMessage<T>(bytes: Uint8Array, table: MessageTable, source: string): T {
  const fail: Fail = (what) => {
    throw new UserError(`${source} is not a sound ONNX file: ${what}; get the file again.`);
  };
  try {
    return new MessageReader(bytes, fail).message(table, bytes.length, 0) as T;
  } catch (error) {
    if (error instanceof UserError) throw error;
    return fail(BROKEN); // what pbf and DataView say of bytes that are not there
  }
}

const BROKEN = "it ends or breaks off within a number";

const isList = (kind: FieldKind): boolean =>
  typeof kind === "string" ? kind.endsWith("s") && kind !== "bytes" : kind[0] === "messages";

class MessageReader {
  private readonly reader: PbfReader;
  private messages = 0;

  constructor(
    bytes: Uint8Array,
    private readonly fail: Fail,
  ) {
    this.reader = new PbfReader(bytes);
  }

  message(table: MessageTable, end: number, depth: number): Message {
    const { reader, fail } = this;
    if (depth > MAX_DEPTH) fail(`its messages are nested more than ${MAX_DEPTH} deep`);
    if (++this.messages > MAX_MESSAGES) fail(`it has more than ${MAX_MESSAGES} messages`);
    const message: Message = {};
    for (const [name, [, kind]] of Object.entries(table)) if (isList(kind)) message[name] = [];
    while (reader.pos < end) {
      const tag = reader.readVarint();
      const type = tag % 8;
      const stop = this.stopOf(type, end);
      const field = Object.entries(table).find(([, [number]]) => number === Math.floor(tag / 8));
      if (!field) this.skip(type, stop);
      else {
        const [name, [, kind]] = field;
        const value = this.value(name, kind, type, stop, depth);
        if (!isList(kind)) message[name] = value;
        else if (Array.isArray(value)) for (const item of value) (message[name] as unknown[]).push(item);
        else (message[name] as unknown[]).push(value);
      }
      if (reader.pos > end) fail(BROKEN);
    }
    return message;
  }

  /** Where a field's bytes end; of a varint only its reading tells. */
  private stopOf(type: number, end: number): number {
    const { reader, fail } = this;
    const at = reader.pos;
    if (type === VARINT) return end;
    if (type !== LENGTH && type !== FIXED32 && type !== FIXED64)
      return fail(`at byte ${at} stands no field that is known`);
    const length = type === LENGTH ? reader.readVarint() : type === FIXED32 ? 4 : 8;
    if (reader.pos + length > end)
      return fail(
        `a field at byte ${at} claims ${length} bytes and ${Math.max(0, end - reader.pos)} are left`,
      );
    return reader.pos + length;
  }

  private skip(type: number, stop: number): void {
    if (type === VARINT) this.reader.readVarint();
    else this.reader.pos = stop;
  }

  private value(name: string, kind: FieldKind, type: number, stop: number, depth: number): unknown {
    const { reader, fail } = this;
    const expect = (...types: number[]) => {
      if (!types.includes(type)) fail(`its field "${name}" is laid out as wire type ${type}`);
    };
    if (typeof kind !== "string") {
      expect(LENGTH);
      return this.message(kind[1](), stop, depth + 1);
    }
    switch (kind) {
      case "string":
      case "strings":
      case "bytes":
      case "byteses": {
        expect(LENGTH);
        const bytes = reader.buf.subarray(reader.pos, stop);
        reader.pos = stop;
        return kind.startsWith("string") ? this.text(bytes) : bytes;
      }
      case "int":
        expect(VARINT);
        return reader.readVarint(true);
      case "float":
        expect(FIXED32);
        return reader.readFloat();
      default:
        expect({ ints: VARINT, floats: FIXED32, doubles: FIXED64 }[kind], LENGTH);
        return this.numbers(kind, type === LENGTH ? stop : undefined);
    }
  }

  /** Packed up to `stop`, or a single one. */
  private numbers(kind: "ints" | "floats" | "doubles", stop: number | undefined): number[] {
    const { reader } = this;
    const next = (): number =>
      kind === "ints"
        ? reader.readVarint(true)
        : kind === "floats"
          ? reader.readFloat()
          : reader.readDouble();
    if (stop === undefined) return [next()];
    const numbers: number[] = [];
    while (reader.pos < stop) numbers.push(next());
    return numbers;
  }

  private text(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return this.fail("a name in it is not text");
    }
  }
}

/** The bytes of a message; fields that are undefined and empty lists are left out, and fields are in the table's order. */
export function writeMessage(message: object, table: MessageTable): Uint8Array {
  const writer = new PbfWriter();
  write(message as Message, table, writer);
  return writer.finish();
}

function write(message: Message, table: MessageTable, writer: PbfWriter): void {
  for (const [name, [number, kind]] of Object.entries(table)) {
    const value = message[name];
    if (value === undefined) continue;
    if (typeof kind !== "string")
      for (const inner of kind[0] === "messages" ? (value as Message[]) : [value as Message])
        writer.writeMessage(number, (m: Message, w: PbfWriter) => write(m, kind[1](), w), inner);
    else writeScalars(writer, number, kind, value);
  }
}

function writeScalars(writer: PbfWriter, number: number, kind: FieldKind & string, value: unknown): void {
  switch (kind) {
    case "int":
      return writer.writeVarintField(number, value as number);
    case "ints":
      if ((value as number[]).length > 0) writer.writePackedVarint(number, value as number[]);
      return;
    case "float":
      return writer.writeFloatField(number, value as number);
    case "floats":
      if ((value as number[]).length > 0) writer.writePackedFloat(number, value as number[]);
      return;
    case "doubles":
      if ((value as number[]).length > 0) writer.writePackedDouble(number, value as number[]);
      return;
    case "string":
      return writer.writeStringField(number, value as string);
    case "strings":
      for (const text of value as string[]) writer.writeStringField(number, text);
      return;
    case "bytes":
      return writer.writeBytesField(number, value as Uint8Array);
    case "byteses":
      for (const bytes of value as Uint8Array[]) writer.writeBytesField(number, bytes);
  }
}
