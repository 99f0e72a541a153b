// Python's pickle, as far as PyTorch's files of tensors use it, by a closed list of opcodes. **Nothing in a file is ever executed**: a
// pickle is a program for a small machine that may call any function of Python by its name. Here a name is a name; the four that
// stand for tensors and dictionaries are known, and a call of any other is refused.
// https://docs.python.org/3/library/pickletools.html

import { UserError } from "../base/errors.js";

/** A name that a pickle asks for: "collections.OrderedDict". Never looked up. */
export class PickledName {
  constructor(readonly name: string) {}
}

/** What a file says lies elsewhere, by PyTorch's ("storage", type, key, device, count). */
export class PersistentId {
  constructor(readonly parts: readonly unknown[]) {}
}

/** A call that the reader's user knows: its name and arguments. */
export type Construct = (name: string, args: readonly unknown[]) => unknown;

type Fail = (what: string) => never;

const most = 10_000_000;
const MARK = Symbol("mark");

/**
 * The object that a pickle of protocol 2 to 5 holds: numbers, strings, arrays for tuples and lists, Maps for dictionaries.
 * @param source names the file in messages
 * @param construct makes what a known function would; it throws for a name that it does not know
 * @returns the object, and how many bytes it took
 */
export function readPickle(
  bytes: Uint8Array,
  source: string,
  construct: Construct,
): { value: unknown; length: number } {
  const fail: Fail = (what) => {
    throw new UserError(`${source} is not a sound file of PyTorch: ${what}; get the file again.`);
  };
  const machine = new Machine(bytes, fail, construct);
  try {
    return { value: machine.run(), length: machine.at };
  } catch (error) {
    if (error instanceof RangeError) return fail("it breaks off within its pickle"); // what DataView says
    throw error;
  }
}

class Machine {
  at = 0;
  private readonly view: DataView;
  private stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly fail: Fail,
    private readonly construct: Construct,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (let steps = 0; steps < most; steps++) {
      const opcode = this.byte();
      if (opcode === 0x2e) return this.pop(); // STOP
      this.step(opcode);
      if (this.stack.length > most) break;
    }
    return this.fail("its pickle is longer than any of tensors");
  }

  private byte(): number {
    return this.view.getUint8(this.at++);
  }
  private uint16(): number {
    return this.view.getUint16((this.at += 2) - 2, true);
  }
  private int32(): number {
    return this.view.getInt32((this.at += 4) - 4, true);
  }
  private uint32(): number {
    return this.view.getUint32((this.at += 4) - 4, true);
  }
  private uint64(): number {
    return Number(this.view.getBigUint64((this.at += 8) - 8, true));
  }
  private taken(length: number): Uint8Array {
    if (!(length <= this.bytes.length - this.at)) this.fail("it breaks off within its pickle");
    return this.bytes.subarray(this.at, (this.at += length));
  }
  private text(length: number): string {
    return new TextDecoder().decode(this.taken(length));
  }
  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) this.fail("it breaks off within its pickle");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  private push(value: unknown): void {
    this.stack.push(value);
  }
  private pop(): unknown {
    if (this.stack.length === 0) this.fail("its pickle takes more than it gives");
    return this.stack.pop();
  }
  private top(): unknown {
    if (this.stack.length === 0) this.fail("its pickle takes more than it gives");
    return this.stack[this.stack.length - 1];
  }
  /** Everything since the last mark. */
  private marked(): unknown[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) this.fail("its pickle takes more than it gives");
    const values = this.stack.slice(mark + 1);
    this.stack.length = mark;
    return values;
  }

  private step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.byte() > 5) this.fail("its pickle is of a protocol above 5");
        return;
      case 0x95: // FRAME
        this.uint64();
        return;
      case 0x28: return this.push(MARK);
      case 0x30: return void this.pop();
      case 0x32: return this.push(this.top()); // DUP
      case 0x4e: return this.push(null);
      case 0x88: return this.push(true);
      case 0x89: return this.push(false);
      case 0x4b: return this.push(this.byte()); // BININT1
      case 0x4d: return this.push(this.uint16()); // BININT2
      case 0x4a: return this.push(this.int32()); // BININT
      case 0x8a: return this.push(this.long(this.byte())); // LONG1
      case 0x8b: return this.push(this.long(this.uint32())); // LONG4
      case 0x47: return this.push(this.view.getFloat64((this.at += 8) - 8)); // BINFLOAT: the one big-endian
      case 0x58: return this.push(this.text(this.uint32())); // BINUNICODE
      case 0x8c: return this.push(this.text(this.byte())); // SHORT_BINUNICODE
      case 0x8d: return this.push(this.text(this.uint64())); // BINUNICODE8
      case 0x54: return this.push(this.text(this.uint32())); // BINSTRING
      case 0x55: return this.push(this.text(this.byte())); // SHORT_BINSTRING
      case 0x42: return this.push(this.taken(this.uint32())); // BINBYTES
      case 0x43: return this.push(this.taken(this.byte())); // SHORT_BINBYTES
      case 0x8e: return this.push(this.taken(this.uint64())); // BINBYTES8
      case 0x5d: case 0x29: case 0x8f: return this.push([]); // EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET
      case 0x7d: return this.push(new Map()); // EMPTY_DICT
      case 0x85: return this.push([this.pop()]); // TUPLE1
      case 0x86: return this.push([this.pop(), this.pop()].reverse());
      case 0x87: return this.push([this.pop(), this.pop(), this.pop()].reverse());
      case 0x74: case 0x6c: return this.push(this.marked()); // TUPLE, LIST
      case 0x64: return this.put(new Map(), this.marked(), true); // DICT
      case 0x61: return this.append([this.pop()]); // APPEND
      case 0x65: case 0x90: return this.append(this.marked()); // APPENDS, ADDITEMS
      case 0x73: return this.setItems([this.pop(), this.pop()].reverse()); // SETITEM
      case 0x75: return this.setItems(this.marked()); // SETITEMS
      case 0x71: return void this.memo.set(this.byte(), this.top()); // BINPUT
      case 0x72: return void this.memo.set(this.uint32(), this.top()); // LONG_BINPUT
      case 0x94: return void this.memo.set(this.memo.size, this.top()); // MEMOIZE
      case 0x68: return this.push(this.remembered(this.byte())); // BINGET
      case 0x6a: return this.push(this.remembered(this.uint32())); // LONG_BINGET
      case 0x63: return this.push(new PickledName(`${this.line()}.${this.line()}`)); // GLOBAL
      case 0x93: { // STACK_GLOBAL
        const [name, module] = [this.pop(), this.pop()];
        return this.push(new PickledName(`${String(module)}.${String(name)}`));
      }
      case 0x51: { // BINPERSID
        const id = this.pop();
        return this.push(new PersistentId(Array.isArray(id) ? id : [id]));
      }
      case 0x52: case 0x81: { // REDUCE, NEWOBJ
        const [args, callee] = [this.pop(), this.pop()];
        if (!(callee instanceof PickledName) || !Array.isArray(args)) return this.fail("its pickle calls what is no function");
        return this.push(this.construct(callee.name, args));
      }
      case 0x62: return void this.pop(); // BUILD: attributes of an object, such as an OrderedDict's metadata, are left out
      default:
        this.fail(`its pickle has the opcode 0x${opcode.toString(16)}, which files of tensors have not`);
    }
  } // prettier-ignore

  private long(length: number): number {
    const bytes = this.taken(length);
    if (length > 32) this.fail("a whole number in it is too large");
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return Number(length > 0 ? BigInt.asIntN(8 * length, value) : 0n);
  }

  private remembered(index: number): unknown {
    if (!this.memo.has(index)) this.fail("its pickle asks for what it has not kept");
    return this.memo.get(index);
  }

  private append(values: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) return this.fail("its pickle appends to what is no list");
    for (const value of values) list.push(value);
  }

  private setItems(values: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map)) return this.fail("its pickle puts into what is no dictionary");
    this.put(map as Map<unknown, unknown>, values, false);
  }

  private put(map: Map<unknown, unknown>, values: readonly unknown[], isNew: boolean): void {
    if (values.length % 2 !== 0) this.fail("a dictionary in it has a key without a value");
    for (let i = 0; i < values.length; i += 2) map.set(values[i], values[i + 1]);
    if (isNew) this.push(map);
  }
}
