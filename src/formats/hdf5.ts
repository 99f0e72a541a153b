// HDF5 as h5py writes it by default, and so Keras: superblocks of version 0 and 1, groups as symbol tables, object headers of version 1.
// Groups, attributes and data sets by path; what their bytes stand for is hdf5-values.ts's.
// https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t11.html

import { UserError } from "../base/errors.js";
import { type Dataspace, type Datatype, readDataspace, readDatatype, readFloats, readStrings } from "./hdf5-values.js"; // prettier-ignore
import type { Weights } from "./pytorch.js";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]; // \x89HDF\r\n\x1a\n
const NOWHERE = 0xffffffffffffffffn;
/** Of one object; what a lying file asks for ends here, as does a circle of groups by the depth of paths. */
const MOST_MESSAGES = 65536;
const MOST_ENTRIES = 100_000;
const DEEPEST = 32;

/** Kinds of messages in an object's header. */
const DATASPACE = 1;
const DATATYPE = 3;
const LAYOUT = 8;
const FILTERS = 11;
const ATTRIBUTE = 12;
const CONTINUATION = 16;
const SYMBOL_TABLE = 17;

interface Message {
  readonly type: number;
  readonly at: number;
  readonly size: number;
}

interface Attribute {
  readonly type: Datatype;
  readonly space: Dataspace;
  readonly at: number;
}

export const isHdf5 = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte);

export class Hdf5 {
  private readonly view: DataView;
  private readonly root: number;

  /**
   * @param source what to call the file in messages
   * @throws UserError, one sentence, here and in all methods, for what is not sound or of another version
   */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly source: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.root = this.sound(() => {
      const version = this.view.getUint8(8);
      if (!isHdf5(bytes)) this.fail("it does not begin as HDF5 does");
      if (version > 1) this.other(`a superblock of version ${version}`);
      if (this.view.getUint8(13) !== 8 || this.view.getUint8(14) !== 8) this.other("addresses that are not of 8 bytes"); // prettier-ignore
      const entry = 24 + 4 * version + 4 * 8; // after the addresses of base, free space, end and driver
      return this.address(entry + 8);
    });
  }

  /** An attribute that is a text or a list of them, undefined where there is none. */
  texts(group: string, name: string): string[] | undefined {
    return this.sound(() => {
      const header = this.find(group);
      const found = header !== undefined && this.attributes(header).get(name);
      return found ? readStrings(this.bytes, found, (what) => this.fail(what)) : undefined;
    });
  }

  /** The paths of all groups and data sets. */
  get paths(): string[] {
    return this.sound(() => {
      const all: string[] = [];
      const walk = (header: number, path: string, depth: number): void => {
        if (depth > DEEPEST) this.fail("its groups lie in a circle");
        for (const [name, child] of this.links(header)) {
          if (all.push(path + name) > MOST_ENTRIES) this.fail("its groups have no end");
          walk(child, `${path}${name}/`, depth + 1);
        }
      };
      walk(this.root, "", 0);
      return all;
    });
  }

  /** The numbers of a data set, undefined where there is none of floating point. */
  floats(path: string): Weights | undefined {
    return this.sound(() => {
      const header = this.find(path);
      if (header === undefined) return undefined;
      const messages = this.messages(header);
      const of = (type: number) => messages.find((message) => message.type === type);
      const [space, type, layout] = [of(DATASPACE), of(DATATYPE), of(LAYOUT)];
      if (!space || !type || !layout) return undefined;
      const datatype = readDatatype(this.view, type.at);
      if (datatype.kind !== "float") return undefined;
      if (of(FILTERS)) this.other(`${JSON.stringify(path.slice(0, 80))} compressed`);
      return readFloats(
        this.bytes,
        { type: datatype, space: readDataspace(this.view, space.at, (what) => this.fail(what)), at: this.contents(layout) },
        (what) => this.fail(`${JSON.stringify(path.slice(0, 80))} ${what}`),
      ); // prettier-ignore
    });
  }

  /** Where a data set's numbers begin. */
  private contents({ at }: Message): number {
    const [version, kind] = [this.view.getUint8(at), this.view.getUint8(at + 1)];
    if (version < 3 || version > 4 || kind > 1) return this.other("a data set in pieces");
    return kind === 0 ? at + 4 : this.address(at + 2);
  }

  private attributes(header: number): Map<string, Attribute> {
    const all = new Map<string, Attribute>();
    for (const { type, at } of this.messages(header)) {
      if (type !== ATTRIBUTE) continue;
      const version = this.view.getUint8(at);
      if (version < 1 || version > 3) this.other(`an attribute of version ${version}`);
      if (version > 1 && this.view.getUint8(at + 1) !== 0) this.other("an attribute of a shared type");
      const [name, datatype, dataspace] = [2, 4, 6].map((offset) => this.view.getUint16(at + offset, true));
      const padded = (n: number) => (version === 1 ? Math.ceil(n / 8) * 8 : n);
      const start = at + (version === 3 ? 9 : 8);
      const typeAt = start + padded(name);
      const spaceAt = typeAt + padded(datatype);
      all.set(this.text(start, start + name), {
        type: readDatatype(this.view, typeAt),
        space: readDataspace(this.view, spaceAt, (what) => this.fail(what)),
        at: spaceAt + padded(dataspace),
      });
    }
    return all;
  }

  /** The header of the object at a path; "" is the file itself. */
  private find(path: string): number | undefined {
    let header: number | undefined = this.root;
    for (const part of path.split("/").filter((name) => name !== ""))
      header = header === undefined ? undefined : this.links(header).get(part);
    return header;
  }

  /** What a group holds, by name; nothing in what is none. */
  private links(header: number): Map<string, number> {
    const table = this.messages(header).find(({ type }) => type === SYMBOL_TABLE);
    const links = new Map<string, number>();
    if (!table) return links;
    const heap = this.address(table.at + 8);
    this.expect("HEAP", heap);
    const names = this.address(heap + 24);
    const seen = new Set<number>();
    const walk = (at: number): void => {
      if (seen.has(at)) this.fail("a group's tree is a circle");
      seen.add(at);
      if (this.word(at) === "TREE") {
        const count = this.view.getUint16(at + 6, true);
        for (let i = 0; i < count; i++) walk(this.address(at + 32 + 16 * i)); // behind each child's key
        return;
      }
      this.expect("SNOD", at);
      const count = this.view.getUint16(at + 6, true);
      for (let i = 0; i < count; i++) {
        const entry = at + 8 + 40 * i;
        if (this.view.getUint32(entry + 16, true) === 2) continue; // a symbolic link
        const name = names + Number(this.view.getBigUint64(entry, true));
        links.set(this.text(name, this.bytes.length), this.address(entry + 8));
      }
    };
    walk(this.address(table.at));
    return links;
  }

  /** The messages of an object's header, wherever they go on. */
  private messages(header: number): Message[] {
    const version = this.view.getUint8(header);
    if (version !== 1) this.other(this.word(header) === "OHDR" ? "object headers of version 2" : "an object without a header"); // prettier-ignore
    const messages: Message[] = [];
    const blocks: [number, number][] = [[header + 16, this.view.getUint32(header + 8, true)]];
    for (let block = blocks.shift(); block; block = blocks.shift()) {
      const end = block[0] + block[1];
      for (let at = block[0]; at + 8 <= end;) {
        const [type, size] = [this.view.getUint16(at, true), this.view.getUint16(at + 2, true)];
        const isShared = (this.view.getUint8(at + 4) & 2) !== 0;
        if (isShared && (type === DATATYPE || type === DATASPACE)) this.other("a shared type");
        at += 8;
        if (type === CONTINUATION) blocks.push([this.address(at), Number(this.view.getBigUint64(at + 8, true))]); // prettier-ignore
        if (messages.push({ type, at, size }) > MOST_MESSAGES) this.fail("an object has too many parts");
        at += size;
      }
    }
    return messages;
  }

  private address(at: number): number {
    const to = this.view.getBigUint64(at, true);
    if (to === NOWHERE || to >= BigInt(this.bytes.length)) this.fail("it points to where there is nothing");
    return Number(to);
  }

  /** Text up to a zero. */
  private text(from: number, to: number): string {
    if (from > this.bytes.length) this.fail("it points to where there is nothing");
    const zero = this.bytes.indexOf(0, from);
    return new TextDecoder().decode(this.bytes.subarray(from, zero === -1 ? to : Math.min(to, zero)));
  }

  private word(at: number): string {
    return String.fromCharCode(...this.bytes.subarray(at, at + 4));
  }

  private expect(word: string, at: number): void {
    if (this.word(at) !== word) this.fail(`it has no ${word} where it should be`);
  }

  /** What DataView says of bytes that are not there, in a sentence. */
  private sound<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof RangeError) return this.fail("it breaks off");
      throw error;
    }
  }

  private fail(what: string): never {
    throw new UserError(`${this.source} is not sound HDF5: ${what}; get the file again.`);
  }

  private other(what: string): never {
    throw new UserError(`${this.source} has ${what}, which Keras does not write; load it in Keras and save it again.`); // prettier-ignore
  }
}
