// Files of some folders over HTTP, and nothing beside them. Who may ask is the caller's business.

import fs from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream/promises";

/** Folders by the beginning of the names that they serve: "" for all, "wasm/" for those below it. */
export type Places = Readonly<Record<string, string>>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What isolates a page from others, so that it may share memory between threads. */
export const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** The file that a name stands for, of the place with the longest beginning; undefined where there is none, or it is outside. */
export function fileAt(places: Places, name: string): string | undefined {
  let asked: string;
  try {
    asked = decodeURIComponent(name);
  } catch {
    return undefined;
  }
  if (asked === "" || asked.endsWith("/")) asked += "index.html";
  const beginnings = Object.keys(places).sort((a, b) => b.length - a.length);
  const beginning = beginnings.find((text) => asked.startsWith(text));
  if (beginning === undefined || asked.includes("\0")) return undefined;
  const folder = path.resolve(places[beginning]);
  const file = path.resolve(folder, asked.slice(beginning.length));
  if (!file.startsWith(folder + path.sep)) return undefined;
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
}

/** Answers with a file. A reader that goes away ends it. */
export async function sendFile(
  file: string,
  response: ServerResponse,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  response.writeHead(200, {
    "Content-Type": types[path.extname(file)] ?? "application/octet-stream",
    "Content-Length": fs.statSync(file).size,
    ...headers,
  });
  await pipeline(fs.createReadStream(file), response).catch(() => response.destroy());
}
