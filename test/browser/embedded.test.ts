// The playground where a page of the documentation embeds it: from a plain web server, which isolates neither.
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../process/fovea.js";
import { type Browser, launchBrowser, newVisitor, withoutBrowser } from "./browser.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;
const docs = path.resolve(import.meta.dirname, "../../docs");

/** The frames that pages hold, as they are written there. */
const frames = fs
  .readdirSync(docs, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) => {
    const found = fs.readFileSync(path.join(docs, file), "utf8").match(/<iframe .*<\/iframe>/g) ?? [];
    return found.map((frame) => [file, frame] as const);
  });

describe.skipIf(skipped)(skipped ?? "playground, embedded", () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let served: Served;

  beforeAll(async () => {
    browser = await launchBrowser();
    fs.renameSync(buildSite(), path.join(folder, "playground")); // where `npm run docs` puts it
    fs.mkdirSync(path.join(folder, "documents"));
    for (const [i, [file, frame]] of frames.entries())
      fs.writeFileSync(
        path.join(folder, `documents/${i}.html`),
        `<!doctype html><html lang="en"><title>${file}</title><link rel="icon" href="data:">${frame}`,
      );
    served = await serve(folder, { isolated: false });
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  it("stands in some pages", () => expect(frames.length).toBeGreaterThan(1));

  it.each(frames.map(([file], i) => [file, i] as const))("trains in the frame of %s", async (_file, i) => {
    const context = await newVisitor(browser);
    try {
      const page = await context.newPage();
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      await page.goto(`${served.url}documents/${i}.html`);
      const frame = page.frameLocator("iframe");
      await frame.locator("#status", { hasText: "Step 0" }).waitFor();
      expect(await frame.locator("#engine").textContent()).toMatch(/^On this machine wasm computes/);
      await frame.getByRole("button", { name: "One step" }).click();
      await frame.locator("#status", { hasText: /^Step 1, loss 0\.\d+\.$/ }).waitFor();
      await frame.getByRole("button", { name: "Walk through the next step" }).click();
      await frame.frameLocator("#walk-frame").getByText("matMul").first().waitFor();
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
