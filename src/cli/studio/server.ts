// The studio's server: who may ask, and what is answered. It listens on the loopback interface, and a random token in the path keeps other
// users and programs of the machine out. Pages of other sites cannot use it: a foreign Origin, and a Host that is not this machine's
// (DNS rebinding), are refused.

import { randomBytes, timingSafeEqual } from "node:crypto";
import fs from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import type { Backend } from "../../backend/backend.js";
import { Shelf } from "../../enhance/shelf-node.js";
import { version } from "../version.js";
import { enhanceRequest } from "./enhance-request.js";
import { Refused, sendError } from "./refused.js";
import { fileAt, isolation, sendFile } from "./serve-file.js";

export interface StudioOptions {
  /** The built page. */
  readonly site: string;
  /** Where wasm/ and weights/ are. */
  readonly packageFolder: string;
  readonly backend: Backend;
  /** Ends all work. */
  readonly signal: AbortSignal;
}

export interface Studio {
  readonly server: http.Server;
  /** What to open, once the server listens on a port. */
  address(port: number): string;
}

const headers = {
  ...isolation,
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

export function studioServer({ site, packageFolder, backend, signal }: StudioOptions): Studio {
  const token = randomBytes(16).toString("hex");
  const shelf = new Shelf();
  const places = {
    "": site,
    "wasm/": path.join(packageFolder, "wasm"),
    "weights/": path.join(packageFolder, "weights"),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = admitted(request, token);
    const name = url.pathname.slice(token.length + 2);
    if (name === "api/enhance") return enhanceRequest(request, response, url, { shelf, backend, signal });
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new Refused(405, `${request.method} is not answered here; use GET.`);
    const file = fileAt(places, name);
    if (!file) throw new Refused(404, `There is no ${name || "page"} here; reload the page.`);
    if (file.endsWith(".html")) sendPage(file, response, backend);
    else await sendFile(file, response, headers);
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      request.resume(); // or a page that is still sending would not read the answer
      sendError(response, error);
    });
  });
  return { server, address: (port) => `http://127.0.0.1:${port}/${token}/` };
}

/** The URL of a request that came from this machine's own page. Throws Refused for any other. */
function admitted(request: IncomingMessage, token: string): URL {
  const { host, origin } = request.headers;
  const port = request.socket.localPort;
  const own = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  if (host === undefined || !own.includes(host))
    throw new Refused(403, "This server answers to this machine's own name alone; open the address that fovea studio printed."); // prettier-ignore
  if (origin !== undefined && origin !== `http://${host}`)
    throw new Refused(403, "Pages of other sites may not use this server; open the address that fovea studio printed."); // prettier-ignore
  const url = new URL(request.url ?? "/", `http://${host}`);
  const given = Buffer.from(url.pathname.slice(1, token.length + 1));
  const isRight = given.length === token.length && timingSafeEqual(given, Buffer.from(token));
  if (!isRight || url.pathname[token.length + 1] !== "/")
    throw new Refused(403, "The address lacks the token; open the one that fovea studio printed.");
  return url;
}

/** A page, told in its head which backend is behind it. */
function sendPage(file: string, response: ServerResponse, backend: Backend): void {
  const meta = `<meta name="fovea-backend" content="${backend.name}, version ${version()}" />`;
  const html = fs.readFileSync(file, "utf8").replace("<head>", `<head>\n    ${meta}`);
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...headers });
  response.end(html);
}
