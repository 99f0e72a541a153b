// Parts of files that lie in the same folder as another: where an ONNX model keeps its large tensors. What a model names may come
// from anywhere, so nothing outside its folder is opened, neither by a path nor by a link.

import fs from "node:fs";
import path from "node:path";
import { UserError } from "../base/errors.js";
import type { ReadBeside } from "../base/host.js";
import { reasonOf } from "./files.js";

/** Reads files in the folder of `file`. Throws a UserError for what lies outside it or is too short. */
export function readBeside(file: string): ReadBeside {
  return (location, offset, length) => {
    const name = JSON.stringify(location.slice(0, 100));
    const folder = path.dirname(path.resolve(file));
    const target = path.resolve(folder, location);
    const isInside = (p: string, base: string) =>
      p.startsWith(base.endsWith(path.sep) ? base : base + path.sep);
    const refused = () =>
      new UserError(`${file} names the file ${name} outside its own folder, which is not read; move it beside the model.`); // prettier-ignore
    if (location.includes("\0") || !isInside(target, folder)) throw refused();
    let handle: number | undefined;
    try {
      if (!isInside(fs.realpathSync(target), fs.realpathSync(folder))) throw refused();
      handle = fs.openSync(target, "r");
      const { size } = fs.fstatSync(handle);
      const bytes = length ?? Math.max(0, size - offset);
      if (offset + bytes > size)
        throw new UserError(`${file} needs ${bytes} bytes at ${offset} of ${name}, which has ${size}; get both files again.`); // prettier-ignore
      const read = new Uint8Array(bytes);
      for (let at = 0; at < bytes;) {
        const count = fs.readSync(handle, read, at, bytes - at, offset + at);
        if (count === 0) throw new UserError(`${file}: the file ${name} grew shorter while it was read.`);
        at += count;
      }
      return read;
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${file} keeps tensors in ${name}: ${reasonOf(error)}`, { cause: error });
    } finally {
      if (handle !== undefined) fs.closeSync(handle);
    }
  };
}
