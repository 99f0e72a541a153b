// fovea studio as a process: who may ask it, what it answers, how a picture is enhanced and cancelled, and how it ends.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeImage, readImage } from "../../src/image/files.js";
import { noisyPng } from "../browser/photographs.js";
import { fovea, jsonLines, type Running, start, temporaryFolder } from "./fovea.js";

const folder = temporaryFolder();
const picture = path.join(folder, "noisy.png");
const root = fileURLToPath(new URL("../..", import.meta.url));
let running: Running;
let url: string;

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As Node sends it, with the headers that are given: fetch() would not let a Host be forged. */
function ask(address: string, options: http.RequestOptions = {}, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(address, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

const errorOf = ({ body }: Answer): string => (JSON.parse(body.toString()) as { error: string }).error;

beforeAll(async () => {
  if (!fs.existsSync(path.join(root, "site/dist/index.html")))
    execFileSync(process.execPath, ["scripts/build-site.mjs"], { cwd: root });
  await noisyPng(picture, 3);
  running = start(["studio", "--no-open", "--json"], folder);
  await running.printed('"url"');
  url = jsonLines(running.soFar().stdout)[0].url as string;
});
afterAll(() => running.child.kill("SIGKILL"));

describe("who may ask", () => {
  it("serves the page, isolated, and tells it which backend is behind it", async () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const { status, headers, body } = await ask(url);
    expect(status).toBe(200);
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
    expect(body.toString()).toContain('<meta name="fovea-backend" content="');
    for (const name of ["main.js", "worker.js", "style.css", "weights/photo.safetensors"])
      expect((await ask(url + name)).status, name).toBe(200);
  });

  it("refuses another Host, as a name that was rebound to this machine has", async () => {
    for (const host of ["evil.example", `evil.example:${new URL(url).port}`, "127.0.0.1"]) {
      const answer = await ask(url, { headers: { Host: host } });
      expect(answer.status, host).toBe(403);
      expect(errorOf(answer)).toMatch(/^This server answers to this machine's own name alone;/);
    }
  });

  it("refuses pages of other sites, also with the token", async () => {
    for (const origin of [
      "https://evil.example",
      "null",
      `http://127.0.0.1:${Number(new URL(url).port) + 1}`,
    ]) {
      const options = { method: "POST", headers: { Origin: origin } };
      const answer = await ask(`${url}api/enhance`, options, fs.readFileSync(picture));
      expect(answer.status, origin).toBe(403);
      expect(errorOf(answer)).toMatch(/^Pages of other sites may not use this server;/);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("refuses an address without the token, or with a wrong one", async () => {
    const { origin } = new URL(url);
    for (const place of ["/", "/api/enhance", `/${"0".repeat(32)}/`, new URL(url).pathname.slice(0, -1)]) {
      const answer = await ask(origin + place);
      expect(answer.status, place).toBe(403);
      expect(errorOf(answer)).toMatch(/^The address lacks the token;/);
    }
  });

  it("serves the site alone: no file beside it, no other method", async () => {
    for (const name of [
      "../package.json",
      "..%2fpackage.json",
      "%2e%2e/package.json",
      "wasm/..%2fpackage.json",
      "%00",
      "%",
    ]) {
      const { status } = await new Promise<Answer>((resolve, reject) => {
        const { port, pathname } = new URL(url); // a URL would take the dots away
        const request = http.get({ host: "127.0.0.1", port, path: pathname + name }, (response) => {
          response.resume();
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.alloc(0) });
        });
        request.on("error", reject);
      });
      expect([403, 404], name).toContain(status);
    }
    expect((await ask(url, { method: "DELETE" })).status).toBe(405);
  });
});

describe("a picture", () => {
  const post = (query: string, body: Uint8Array): Promise<Answer> =>
    ask(`${url}api/enhance?${query}`, { method: "POST", headers: { Origin: new URL(url).origin } }, body);

  it("comes back as the command makes it, with progress before it", async () => {
    const { status, body } = await post("name=noisy.png&task=photo", fs.readFileSync(picture));
    expect(status).toBe(200);
    const lines: Record<string, unknown>[] = [];
    let at = 0;
    while (lines.at(-1)?.bytes === undefined) {
      const end = body.indexOf(10, at);
      lines.push(JSON.parse(body.subarray(at, end).toString()) as Record<string, unknown>);
      at = end + 1;
    }
    expect(lines.at(-2)).toEqual({ share: 1 });
    expect(lines.at(-1)).toMatchObject({ type: "image/png", untouched: false, bytes: body.length - at });
    const { image } = await decodeImage(body.subarray(at), "the answer");
    const byCommand = await fovea(["enhance", picture, "-o", path.join(folder, "out.png")], folder);
    expect(byCommand.code, byCommand.stderr).toBe(0);
    expect(image.pixels).toEqual((await readImage(path.join(folder, "out.png"))).pixels);
  });

  it("that is none, or a wish that cannot be, is one sentence", async () => {
    const bytes = fs.readFileSync(picture);
    for (const [query, body, status, sentence] of [
      ["name=a.txt", Buffer.from("not a picture"), 422, /^a\.txt is not an image of a known kind;/],
      ["name=a.png", bytes.subarray(0, 900), 422, /^a\.png /],
      ["name=a.png", Buffer.alloc(0), 400, /^a\.png is empty;/],
      ["task=magic", bytes, 400, /^There is no task magic;/],
      ["strength=3", bytes, 400, /^The strength 3 is not within 0 to 2;/],
    ] as const) {
      const answer = await post(query, body);
      expect(answer.status, query).toBe(status);
      expect(errorOf(answer)).toMatch(sentence);
    }
    const options = { method: "POST", headers: { "Content-Length": String(2 ** 30) } };
    const answer = await new Promise<number>((resolve, reject) => {
      const request = http.request(`${url}api/enhance?name=huge`, options, (response) => {
        resolve(response.statusCode!);
        request.destroy();
      });
      request.on("error", reject);
      request.flushHeaders();
    });
    expect(answer).toBe(413);
  });

  it("is given up when its page goes away, and the next one is computed", async () => {
    const large = path.join(folder, "large.png");
    await noisyPng(large, 3, 8, 1500);
    const left = http.request(`${url}api/enhance?name=large.png`, { method: "POST" });
    left.on("error", () => {});
    left.end(fs.readFileSync(large));
    await new Promise<void>((resolve) =>
      left.on("response", (response) => response.once("data", () => resolve())),
    );
    left.destroy();
    const { status } = await post("name=noisy.png", fs.readFileSync(picture));
    expect(status).toBe(200);
  });
});

it("ends at Ctrl-C, also with a picture under way", async () => {
  const large = path.join(folder, "large.png");
  const left = http.request(`${url}api/enhance?name=large.png`, { method: "POST" });
  left.on("error", () => {});
  left.end(fs.readFileSync(large));
  await new Promise<void>((resolve) => left.on("response", () => resolve()));
  running.child.kill("SIGINT");
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain("fovea: the studio is closed.");
});

it("says in a sentence what it cannot do", async () => {
  for (const [args, message] of [
    [["--port", "70000"], "--port 70000 is none; give one from 1 to 65535."],
    [["--port", "x"], "--port x is not a whole number from 0 up"],
  ] as const) {
    const { code, stderr } = await fovea(["studio", "--no-open", ...args], folder);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  }
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { code, stderr } = await fovea(["studio", "--no-open", "--port", String(port)], folder);
  server.close();
  expect(code).toBe(1);
  expect(stderr).toContain(`fovea: Cannot serve on port ${port}: `);
});
