// Signs of a GPU that can be read without loading Dawn: device files on Linux; elsewhere every machine may have one.

import fs from "node:fs";

/** False only when there is surely no GPU that Dawn could use. */
export function mayHaveGpu(): boolean {
  if (process.platform !== "linux") return true;
  if (fs.existsSync("/dev/nvidiactl") || fs.existsSync("/dev/dxg")) return true;
  try {
    return fs.readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
  } catch {
    return false;
  }
}
