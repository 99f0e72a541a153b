// The studio in a real browser: what it makes of photographs is what the command makes, on WebAssembly and on WebGPU; it works without
// a network after the first visit, sends nothing, stops when told, and is usable by keyboard and screen reader.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImage } from "../../src/image/files.js";
import { readZip } from "../../src/formats/zip.js";
import { fovea, hasPython, temporaryFolder } from "../process/fovea.js";
import {
  type Browser,
  type BrowserContext,
  launchBrowser,
  newVisitor,
  type Page,
  withoutBrowser,
} from "./browser.js";
import { drop, enhanced, openStudio, saved } from "./pages.js";
import { noisyPhotograph, noisyPng } from "./photographs.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;

describe.skipIf(skipped)(skipped ?? "studio", () => {
  const folder = temporaryFolder();
  const file = (name: string) => path.join(folder, name);
  let browser: Browser;
  let site: string;
  let served: Served;

  beforeAll(async () => {
    [browser, site] = [await launchBrowser(), buildSite()];
    served = await serve(site);
    await noisyPng(file("colour.png"), 3);
    await noisyPng(file("deep.png"), 1, 16, 48);
    await noisyPng(file("small.png"), 3, 8, 48); // software computes shaders slowly
    await noisyPhotograph(file("camera.jpg"));
    const inputs = ["colour.png", "deep.png", "small.png", "camera.jpg"].map(file);
    const { code, stderr } = await fovea(["enhance", ...inputs, "-o", file("by-command")], folder);
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  /** A visitor without a past. */
  async function visit(body: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
    const context = await newVisitor(browser);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    try {
      await body(page, context);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
    }
  }

  async function largestDifference(a: string, b: string): Promise<number> {
    const [one, other] = [await readImage(a), await readImage(b)];
    expect([one.width, one.height, one.channels, one.bitDepth]).toEqual([
      ...[other.width, other.height, other.channels, other.bitDepth],
    ]);
    const levels = one.bitDepth === 16 ? 257 : 1;
    let most = 0;
    for (const [i, level] of one.pixels.entries())
      most = Math.max(most, Math.abs(level - other.pixels[i]) / levels);
    return most;
  }

  describe.each(["wasm", "webgpu"])("on %s", (backend) => {
    it("gives what the command gives, within a grey level", () =>
      visit(async (page) => {
        await openStudio(page, `${served.url}?backend=${backend}`);
        const names = backend === "wasm" ? ["colour", "deep"] : ["small"];
        await drop(
          page,
          names.map((name) => file(`${name}.png`)),
        );
        for (const name of names) {
          await enhanced(page, `${name}.png`);
          const result = await saved(page, `Download ${name}.png`, folder);
          expect(path.basename(result)).toBe(`${name}.enhanced.png`);
          const difference = await largestDifference(result, file(`by-command/${name}.png`));
          expect(difference).toBeLessThanOrEqual(1);
          expect(await largestDifference(result, file(`${name}.png`))).toBeGreaterThan(4);
        }
      }));
  });

  it("chooses WebAssembly, and makes no device, where the GPU is made of software", () =>
    visit(async (page) => {
      await openStudio(page, served.url);
      expect(await page.locator("#engine").textContent()).toMatch(
        /^On this machine wasm computes: WebGPU is made of software here/,
      );
    }));

  it("keeps a photograph's metadata as the command does", () =>
    visit(async (page) => {
      await openStudio(page, served.url);
      await drop(page, [file("camera.jpg")]);
      await enhanced(page, "camera.jpg");
      const result = await readImage(await saved(page, "Download camera.jpg", folder));
      const byCommand = await readImage(file("by-command/camera.jpg"));
      for (const kind of ["exif", "icc", "xmp", "density"] as const)
        expect(result.metadata![kind], kind).toEqual(byCommand.metadata![kind]);
      expect(result.metadata!.exif).toBeDefined();
      expect([result.width, result.height]).toEqual([byCommand.width, byCommand.height]);
    }));

  it("gives several pictures in one archive", () =>
    visit(async (page) => {
      await openStudio(page, served.url);
      await drop(page, [file("small.png"), file("small.png"), file("deep.png")]);
      for (const name of ["small.png", "deep.png"]) await enhanced(page, name);
      await page.getByText("3 of 3 done").waitFor();
      const archive = await saved(page, "Download all", folder);
      const names = ["small.enhanced.png", "small.enhanced (2).png", "deep.enhanced.png"];
      expect([...readZip(fs.readFileSync(archive), archive).keys()]).toEqual(names);
      // Python's reader checks each file's sum.
      const script = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip())";
      if (hasPython())
        expect(execFileSync("python3", ["-c", script, archive]).toString().trim()).toBe("None");
    }));

  it("works without a network after the first visit, also where the server sends no headers, from any path", async () => {
    const plain = await serve(site, { isolated: false, at: "/some/where/" });
    await visit(async (page) => {
      await openStudio(page, plain.url);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      expect(await page.locator("#ready").textContent()).toBe("Ready, also without a network.");
      await plain.close();
      await page.reload();
      await page.getByText("Ready, also without a network").waitFor();
      await drop(page, [file("small.png")]);
      await enhanced(page, "small.png");
    });
  });

  it("computes on one thread where the page cannot be isolated", async () => {
    const plain = await serve(site, { isolated: false });
    const context = await newVisitor(browser, { serviceWorkers: "block" });
    try {
      const page = await context.newPage();
      await openStudio(page, plain.url);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(await page.locator("#ready").textContent()).toBe("Ready."); // nothing is kept
      await drop(page, [file("small.png")]);
      await enhanced(page, "small.png");
      expect(plain.asked.map(({ path }) => path).filter((name) => name.startsWith("/wasm/"))).toEqual([
        "/wasm/simd.wasm",
      ]);
    } finally {
      await context.close();
      await plain.close();
    }
  });

  it("asks nobody for anything while it enhances, and never another site", () =>
    visit(async (page, context) => {
      const all: string[] = [];
      context.on("request", (request) => all.push(request.url()));
      await openStudio(page, served.url);
      const before = all.length;
      const answered = served.asked.length;
      await drop(page, [file("small.png")]);
      await enhanced(page, "small.png");
      expect(all.slice(before).filter((url) => !url.startsWith("blob:"))).toEqual([]);
      // Of itself, the browser looks whether there is a newer service worker.
      const asked = served.asked.slice(answered).map(({ path }) => path);
      expect(asked.filter((path) => path !== "/service-worker.js")).toEqual([]);
      expect(all.filter((url) => !url.startsWith(served.url) && !/^(blob|data):/.test(url))).toEqual([]);
    }));

  it("is held to its own origin and to no code from text by its policy", () => {
    for (const name of fs.readdirSync(site).filter((name) => name.endsWith(".html"))) {
      const html = fs.readFileSync(path.join(site, name), "utf8");
      const policy = /Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1] ?? "";
      const directives = new Map(
        policy.split(/;\s*/).map((part) => [part.split(" ")[0], part.split(" ").slice(1)]),
      );
      expect(directives.get("default-src"), name).toEqual(["'none'"]);
      expect(directives.get("script-src"), name).toEqual(["'self'", "'wasm-unsafe-eval'"]);
      expect(
        [...directives.values()].flat().filter((source) => /^(https?:|\*|'unsafe)/.test(source)),
      ).toEqual([]);
    }
  });

  it("stops a picture when it is told to, and goes on with the next", () =>
    visit(async (page) => {
      await noisyPng(file("large.png"), 3, 8, 1500);
      await openStudio(page, served.url);
      await drop(page, [file("large.png"), file("small.png")]);
      await page.getByRole("button", { name: "Cancel large.png" }).click();
      await page.getByText("Cancelled.").waitFor();
      await enhanced(page, "small.png");
    }));

  it("computes in two tabs at once", () =>
    visit(async (page, context) => {
      const other = await context.newPage();
      await Promise.all([page, other].map((tab) => openStudio(tab, served.url)));
      await Promise.all([page, other].map((tab) => drop(tab, [file("small.png")])));
      await Promise.all([page, other].map((tab) => enhanced(tab, "small.png")));
      await other.close();
      await drop(page, [file("deep.png")]);
      await enhanced(page, "deep.png");
    }));

  it.each(["light", "dark"] as const)("has no fault that axe-core finds, %s", (colorScheme) =>
    visit(async (page) => {
      await page.emulateMedia({ colorScheme });
      await openStudio(page, served.url);
      await page.evaluate(axe.source);
      const faults = async (): Promise<string[]> => {
        const { violations } = await page.evaluate(() =>
          (globalThis as unknown as { axe: typeof axe }).axe.run(),
        );
        return violations.map(({ id, impact, nodes }) => `${impact}: ${id} at ${nodes[0].target.join(" ")}`);
      };
      expect(await faults()).toEqual([]);
      await drop(page, [file("small.png")]);
      await enhanced(page, "small.png");
      expect(await faults()).toEqual([]);
    }),
  );

  it("is used by keyboard alone", () =>
    visit(async (page) => {
      await openStudio(page, served.url);
      await drop(page, [file("small.png")]);
      await enhanced(page, "small.png");
      await page.locator("#divider").focus();
      await page.keyboard.press("ArrowRight");
      expect(await page.locator("#divider").inputValue()).toBe("51");
      await page.getByRole("button", { name: "Blink" }).focus();
      await page.keyboard.press("Enter");
      await page.locator("#stage.blinking").waitFor();
      expect(await page.locator("#line").isVisible()).toBe(false);
    }));
});
