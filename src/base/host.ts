// What the machine round the engine lends it: files and a terminal. Node's door fills this in (models/host-node.ts); in a browser
// it stays empty, and whoever needs a file says so in one sentence.

/** The bytes [offset, offset + length) of a file in the same folder; without a length to its end. */
export type ReadBeside = (location: string, offset: number, length: number | undefined) => Uint8Array;

export interface Host {
  /** The bytes of a model's file, by its path or the name of a bundled model. Throws a UserError that names it. */
  readModel?(name: string): Uint8Array;
  /** The bytes of a file beside which others lie, and how parts of those are read. Throws a UserError that names it. */
  openFile?(file: string): { bytes: Uint8Array; beside: ReadBeside };
  /** Writes a file whole or not at all. Throws a UserError that names it. */
  writeFile?(file: string, bytes: Uint8Array): void;
  /** Where progress is drawn; without one, whole lines go to the console. */
  terminal?: { write(text: string): void };
}

export const host: Host = {};
