// wasm-rivals.mjs in Chromium: one page with the three libraries, isolated so that all may have threads, in a worker as pages that
// compute have it.

import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { fileAt, isolation, sendFile } from "../../dist/cli/studio/serve-file.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the worker runs: options come as a message, results go back one by one, "done" at last. */
const workerSource = `
import * as ort from "onnxruntime-web/wasm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import * as tfWasm from "@tensorflow/tfjs-backend-wasm";
import * as fovea from "${root}dist/web.js";
import { measure } from "${root}bench/wasm-rivals/measure.mjs";
onmessage = async ({ data: options }) => {
  const { threads } = options;
  try {
    fovea.locate("/fovea/");
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = "/ort/";
    tfWasm.setWasmPaths("/tfjs/");
    tfWasm.setThreadsCount(threads);
    await tf.setBackend("wasm");
    await fovea.useBackend("wasm", { threads });
    await measure({ fovea, ort, tf }, options, (result) => postMessage(result));
    postMessage("done");
  } catch (error) {
    postMessage(String(error.stack ?? error));
  }
};`;
const page = `<!doctype html><script type="module">
const worker = new Worker("worker.js", { type: "module" });
window.measure = (options, report) => new Promise((resolve, reject) => {
  worker.onerror = (event) => reject(new Error(event.message));
  worker.onmessage = ({ data }) =>
    data === "done" ? resolve() : typeof data === "string" ? reject(new Error(data)) : window.report(data);
  worker.postMessage(options);
});
</script>`;

export async function measureInPage(rivals, options, report) {
  const modules = path.join(rivals, "node_modules");
  const { outputFiles } = await build({
    stdin: { contents: workerSource, resolveDir: rivals },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "error",
    nodePaths: [modules],
  });
  const places = {
    "fovea/wasm/": path.join(root, "wasm"),
    "ort/": path.join(modules, "onnxruntime-web/dist"),
    "tfjs/": path.join(modules, "@tensorflow/tfjs-backend-wasm/dist"),
  };
  const answers = { "/": ["text/html", page], "/worker.js": ["text/javascript", outputFiles[0].text] };
  const server = http.createServer((request, response) => {
    const made = answers[request.url];
    if (made) return response.writeHead(200, { "Content-Type": made[0], ...isolation }).end(made[1]);
    const file = fileAt(places, request.url.slice(1));
    if (!file) return response.writeHead(404).end();
    const type = file.endsWith(".mjs") ? { "Content-Type": "text/javascript" } : {};
    void sendFile(file, response, { ...type, ...isolation });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const executablePath = process.env.FOVEA_CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const tab = await browser.newPage();
    await tab.exposeFunction("report", report);
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction(() => globalThis.measure);
    await tab.evaluate((told) => globalThis.measure(told), options);
  } finally {
    await browser.close();
    server.close();
  }
}
