// Every kernel in a real browser, on each variant: WebGPU as Chromium has it (SwiftShader's software Vulkan), and the modules of
// WebAssembly that share memory with threads. Left out are, as the tests in Node have them: the cases marked as large; and on WebGPU, where
// SwiftShader takes seconds to compile a product's shader, five of six cases of the four products and their variant `wide` (25 seconds a
// shader, as its loops are unrolled).
import fs from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KernelName, kernels } from "../../src/backend/kernels.js";
import { casesOf } from "../../src/inspect/conformance-cases.js";
import { temporaryFolder } from "../process/fovea.js";
import { type Browser, launchBrowser, newVisitor, type Page, withoutBrowser } from "./browser.js";
import type { Answer, Question } from "./conformance-worker.js";
import { serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;
const root = path.resolve(import.meta.dirname, "../..");
const names = Object.keys(kernels) as KernelName[];
const products: readonly string[] = ["matmul", "conv2d", "conv2dInputGrad", "conv2dWeightGrad"];

describe.skipIf(skipped)(skipped ?? "conformance in a browser", () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let served: Served;

  beforeAll(async () => {
    await build({
      entryPoints: [path.join(import.meta.dirname, "conformance-worker.ts")],
      ...{ bundle: true, format: "esm", platform: "browser", target: "es2022", logLevel: "error" },
      outfile: path.join(folder, "worker.js"),
    });
    fs.cpSync(path.join(root, "wasm"), path.join(folder, "wasm"), { recursive: true });
    fs.writeFileSync(path.join(folder, "index.html"), "<!doctype html><title>Conformance</title>");
    browser = await launchBrowser();
    served = await serve(folder);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  describe.each(["webgpu", "simd-threads", "relaxed-simd-threads"])("on %s", (backend) => {
    let page: Page;
    beforeAll(async () => {
      page = await (await newVisitor(browser)).newPage();
      await page.goto(served.url);
      await page.evaluate((name) => {
        const worker = new Worker(`worker.js?backend=${name}`, { type: "module" });
        Object.assign(globalThis, { worker });
      }, backend);
    });
    afterAll(() => page?.context().close());

    it.each(names)("%s", async (kernel) => {
      const isSlow = backend === "webgpu" && products.includes(kernel);
      const question: Question = isSlow ? { kernel, every: 6, without: "wide" } : { kernel, every: 1 };
      const { cases, results, failures } = await page.evaluate(
        (question) =>
          new Promise<Answer>((resolve, reject) => {
            const { worker } = globalThis as unknown as { worker: Worker };
            worker.onmessage = ({ data }) => resolve(data as Answer);
            worker.onerror = (event) => reject(new Error(event.message));
            worker.postMessage(question);
          }),
        question,
      );
      expect(failures).toEqual([]);
      const all = casesOf(kernel).filter(({ large }) => !large);
      expect(cases).toBe(Math.ceil(all.length / question.every));
      expect(results).toBeGreaterThanOrEqual(cases);
    });
  });
});
