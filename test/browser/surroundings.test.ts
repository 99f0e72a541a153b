// The studio where something round it is missing: no GPU, a GPU that is lost, a full disk, no web server.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../process/fovea.js";
import { type Browser, launchBrowser, newVisitor, type Page, withoutBrowser } from "./browser.js";
import { drop, enhanced, openStudio } from "./pages.js";
import { noisyPng } from "./photographs.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;

describe.skipIf(skipped)(skipped ?? "the studio's surroundings", () => {
  const good = path.join(temporaryFolder(), "good.png");
  let site: string;
  let served: Served;
  beforeAll(async () => {
    site = buildSite();
    served = await serve(site);
    await noisyPng(good, 3, 8, 48);
  });
  afterAll(() => served?.close());

  async function visit(browser: Promise<Browser>, body: (page: Page) => Promise<void>): Promise<void> {
    const opened = await browser;
    try {
      await body(await (await newVisitor(opened)).newPage());
    } finally {
      await opened.close();
    }
  }
  const engine = (page: Page) => page.locator("#engine");

  it("without an adapter WebAssembly computes; who asks for WebGPU is told in a sentence", () =>
    visit(launchBrowser(["--disable-gpu", "--disable-features=WebGPUService"]), async (page) => {
      await openStudio(page, served.url);
      expect(await engine(page).textContent()).toMatch(
        /^On this machine wasm computes: This (browser|page) has /,
      );
      await drop(page, [good]);
      await enhanced(page, "good.png");
      await page.goto(`${served.url}?backend=webgpu`);
      await engine(page)
        .getByText(/^This (browser has WebGPU, but offers no adapter|page has no WebGPU); [^;]*\.$/)
        .waitFor();
      await drop(page, [good]);
      await page.locator("#queue li.failed .note", { hasText: /^This (browser|page) has .*\.$/ }).waitFor();
    }));

  it("where the GPU is lost, it is opened again, and the picture is computed", () =>
    visit(launchBrowser(), async (page) => {
      await openStudio(page, `${served.url}?backend=webgpu`);
      await drop(page, [good]);
      await enhanced(page, "good.png");
      const session = await page.context().browser()!.newBrowserCDPSession();
      await session.send("Browser.crashGpuProcess");
      await page.getByRole("button", { name: "Enhance again" }).click();
      await page.locator("#queue li.running, #queue li.waiting").waitFor();
      await enhanced(page, "good.png");
    }));

  it("on a full disk the page works, and promises no visit without a network", () =>
    visit(launchBrowser(), async (page) => {
      const session = await page.context().newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", {
        origin: new URL(served.url).origin,
        quotaSize: 1,
      });
      await openStudio(page, served.url);
      expect(await page.locator("#ready").textContent()).toBe("Ready.");
      await drop(page, [good]);
      await enhanced(page, "good.png");
    }));

  it("opened as a file, it says what is missing", () =>
    visit(launchBrowser(), async (page) => {
      for (const name of ["index.html", "playground.html"]) {
        await page.goto(pathToFileURL(path.join(site, name)).href);
        await engine(page)
          .getByText("the page was opened as a file: serve its folder from a web server")
          .waitFor();
      }
    }));
});
