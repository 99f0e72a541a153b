// The site as a visitor has it: built into a folder of its own, and served as plain web servers do, with the isolation headers or
// without, from a path.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fileAt, isolation, sendFile } from "../../src/cli/studio/serve-file.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Whether there are modules to compute with; without them the site falls back to other backends. */
export const withoutModules = fs.existsSync(path.join(root, "wasm/simd.wasm"))
  ? undefined
  : "no WebAssembly modules; npm run build:wasm";
if (withoutModules && process.env.FOVEA_REQUIRE_WASM === "1") throw new Error(withoutModules);

/** `npm run site`, into a temporary folder. */
export function buildSite(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-site-"));
  execFileSync(process.execPath, [path.join(root, "scripts/build-site.mjs"), "--out", folder], { cwd: root });
  return folder;
}

export interface Served {
  /** Of its first page. */
  readonly url: string;
  /** Paths that were asked for, with the bytes of each answer. */
  readonly asked: { readonly path: string; readonly bytes: number }[];
  close(): Promise<void>;
}

export interface ServeOptions {
  /** Sends the headers that isolate a page (default true). */
  isolated?: boolean;
  /** Where the site lies (default "/"). */
  at?: string;
  /** Of the port, to serve again what was closed (default: any that is free). */
  port?: number;
}

export async function serve(
  folder: string,
  { isolated = true, at = "/", port = 0 }: ServeOptions = {},
): Promise<Served> {
  const asked: Served["asked"] = [];
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const file = pathname.startsWith(at) ? fileAt({ "": folder }, pathname.slice(at.length)) : undefined;
    asked.push({ path: pathname, bytes: file ? fs.statSync(file).size : 0 });
    if (file) void sendFile(file, response, isolated ? isolation : {});
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`, asked, close };
}
