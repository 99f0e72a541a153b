// The choices in the user's cache folder, a file for each adapter and version of the format.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Choices, VariantStore } from "./variant-store.js";

/** Counts up when shaders change so much that old measurements say nothing. */
const VERSION = 1;

export function cacheFolder(): string {
  const home = homedir();
  if (process.platform === "win32")
    return join(process.env.LOCALAPPDATA ?? join(home, "AppData", "Local"), "fovea");
  if (process.platform === "darwin") return join(home, "Library", "Caches", "fovea");
  return join(process.env.XDG_CACHE_HOME || join(home, ".cache"), "fovea");
}

export class FileStore implements VariantStore {
  /** @param folder default: `fovea` in the user's cache folder */
  constructor(private readonly folder = cacheFolder()) {}

  async load(adapter: string): Promise<Choices> {
    try {
      const { choices } = JSON.parse(await readFile(this.file(adapter), "utf8")) as { choices?: unknown };
      if (typeof choices !== "object" || choices === null) return {};
      return Object.fromEntries(Object.entries(choices).filter(([, name]) => typeof name === "string"));
    } catch {
      return {}; // Not there or damaged: it is measured anew.
    }
  }

  async save(adapter: string, choices: Choices): Promise<void> {
    const file = this.file(adapter);
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(temporary, JSON.stringify({ adapter, choices }, undefined, 2));
      await rename(temporary, file);
    } catch {
      // A cache that cannot be written costs the next run a measurement, nothing else.
    }
  }

  private file(adapter: string): string {
    const name = createHash("sha256").update(adapter).digest("hex").slice(0, 16);
    return join(this.folder, `webgpu-v${VERSION}-${name}.json`);
  }
}
