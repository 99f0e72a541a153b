// The studio in Chromium, measured: how long until it can be used and what it loads before a model, how long the page does not answer while
// a photograph of 12 megapixels is computed, how soon a cancel is done, and memory over 200 pictures in a row. Prints a line each.
// `node bench/studio.mjs [--pictures 200] [--megapixels 12]`, after npm run site; FOVEA_CHROMIUM names another browser.
/* global document, longest:writable, MutationObserver, times */
import { createReadStream, existsSync, statSync } from "node:fs";
import http from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import sharp from "sharp";

const site = fileURLToPath(new URL("../site/dist/", import.meta.url));
const kinds = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css" },
  ...{ ".wasm": "application/wasm", ".svg": "image/svg+xml" },
};
const { values } = parseArgs({
  options: { pictures: { type: "string", default: "200" }, megapixels: { type: "string", default: "12" } },
});

const asked = [];
const server = http.createServer((request, response) => {
  const name = new URL(request.url, "http://localhost").pathname.replace(/\/$/, "/index.html");
  const file = join(site, name);
  if (!existsSync(file)) return response.writeHead(404).end();
  asked.push({ name, bytes: statSync(file).size });
  response.writeHead(200, {
    "Content-Type": kinds[extname(file)] ?? "application/octet-stream",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  });
  return createReadStream(file).pipe(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const executablePath = process.env.FOVEA_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** A new visitor with the studio open, and milliseconds from the request to each step. */
async function visit() {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(1_800_000);
  asked.length = 0;
  await page.addInitScript(() => {
    globalThis.times = {};
    new MutationObserver(() => {
      const has = (id, text) => document.getElementById(id)?.textContent.startsWith(text);
      if (has("status", "No pictures")) times.usable ??= performance.now();
      if (has("engine", "On this machine")) times.engine ??= performance.now();
      if (has("ready", "Ready")) times.ready ??= performance.now();
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(url);
  await page.locator("#ready", { hasText: "Ready" }).waitFor();
  return page;
}

const photograph = (width, height) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: "#888",
      noise: { type: "gaussian", mean: 128, sigma: 12 },
    },
  })
    .jpeg({ quality: 92 })
    .toBuffer();

const give = (page, name, buffer) =>
  page.locator("#files").setInputFiles({ name, mimeType: "image/jpeg", buffer });

/** From now on `longest` is the longest task of the page's thread, in milliseconds; the browser tells those above 50. */
const watch = (page) =>
  page.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    }).observe({ type: "longtask" });
  });

const beginnings = [];
for (let i = 0; i < 5; i++) {
  const page = await visit();
  beginnings.push(await page.evaluate(() => times));
  await page.context().close();
}
const median = (key) =>
  beginnings
    .map((times) => times[key])
    .sort((a, b) => a - b)[2]
    .toFixed(0);
const isModel = ({ name }) => name.startsWith("/weights/");
const sum = (list) => (list.reduce((total, { bytes }) => total + bytes, 0) / 1e6).toFixed(2);
console.log(
  `start: takes pictures after ${median("usable")} ms, engine chosen after ${median("engine")} ms, model loaded after ${median("ready")} ms (median of 5 first visits)`,
);
console.log(
  `loaded: ${sum(asked.filter((f) => !isModel(f)))} MB before a model, models ${sum(asked.filter(isModel))} MB`,
);

const page = await visit();
const width = Math.round(Math.sqrt((1e6 * Number(values.megapixels) * 4) / 3) / 2) * 2;
const large = await photograph(width, Math.round((width * 3) / 4));
await watch(page);
await give(page, "large.jpg", large);
const progress = page.locator("#queue li.running progress");
await progress.waitFor();
await page.waitForFunction(() => document.querySelector("#queue progress")?.value > 0.05);
const cancelled = await page.evaluate(
  () =>
    new Promise((resolve) => {
      const from = performance.now();
      new MutationObserver(() => {
        if (document.querySelector("#queue .note").textContent === "Cancelled.")
          resolve(performance.now() - from);
      }).observe(document.getElementById("queue"), { childList: true, subtree: true });
      document.querySelector('[aria-label="Cancel large.jpg"]').click();
    }),
);
console.log(`cancel: done after ${cancelled.toFixed(0)} ms`);
await page.locator("#ready", { hasText: "Ready" }).waitFor();
await page.evaluate(() => (longest = 0));
const started = performance.now();
await page.getByRole("button", { name: "Enhance again" }).click();
await page.locator("#queue li.done").waitFor();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const task = await page.evaluate(() => longest);
const longestTask = task > 0 ? `${task.toFixed(0)} ms` : "below 50 ms";
console.log(`${values.megapixels} megapixels: ${seconds} s, longest task of the page ${longestTask}`);
await page.context().close();

const many = await visit();
const small = await photograph(160, 120);
const memory = [];
for (let i = 1; i <= Number(values.pictures); i++) {
  await give(many, `${i}.jpg`, small);
  await many.waitForFunction((n) => document.querySelectorAll("#queue li.done").length === n, i);
  if (i % Math.ceil(Number(values.pictures) / 4) === 0) {
    const bytes = await many.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes);
    memory.push(`${(bytes / 1e6).toFixed(1)} MB after ${i}`);
  }
}
console.log(`in a row: ${memory.join(", ")}`);
await browser.close();
server.close();
