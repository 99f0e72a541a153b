// What ends a training in the playground against the visitor's will: a tab that is closed, another that trains too, a GPU that is lost.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnDigits } from "../../site/src/playground/digits.js";
import { settingsOfHash } from "../../site/src/playground/settings.js";
import { Trainer } from "../../site/src/playground/trainer.js";
import { setBackend } from "../../src/backend/current.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { launchBrowser, newVisitor, type Page, withoutBrowser } from "./browser.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;
const hash = "hidden=16&batch=8&seed=3";

describe.skipIf(skipped)(skipped ?? "playground, interrupted", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve(buildSite());
  });
  afterAll(() => served?.close());

  async function visit(body: (newTab: () => Promise<Page>) => Promise<void>): Promise<void> {
    const browser = await launchBrowser();
    const errors: string[] = [];
    try {
      const context = await newVisitor(browser);
      await body(async () => {
        const page = await context.newPage();
        page.on("pageerror", (error) => errors.push(error.message));
        return page;
      });
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  }
  async function open(page: Page, query = ""): Promise<void> {
    await page.goto(`${served.url}playground.html${query}#${hash}`);
    await page.locator("#status", { hasText: "Step 0" }).waitFor();
  }
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
  /** The last step and its loss, once that many were made. */
  async function state(page: Page, steps = 0): Promise<{ step: number; loss: number }> {
    const read = async () => {
      const text = await page.locator("#status").textContent();
      const [, step, loss] = /^Step (\d+), loss ([\d.e-]+)\.$/.exec(text!) ?? [];
      return { step: Number(step ?? 0), loss: Number(loss) };
    };
    await expect.poll(async () => (await read()).step, { timeout: 250_000 }).toBeGreaterThanOrEqual(steps);
    return read();
  }
  async function pausedAt(page: Page, steps: number): Promise<{ step: number; loss: number }> {
    await state(page, steps);
    await press(page, "Pause");
    await page.locator("#one:enabled").waitFor();
    return state(page);
  }
  async function loseGpu(page: Page): Promise<void> {
    const session = await page.context().browser()!.newBrowserCDPSession();
    await session.send("Browser.crashGpuProcess");
  }
  /** The loss of a step, counted from 1, in a training that nothing ends. */
  async function lossOf(step: number): Promise<number> {
    setBackend(new ReferenceBackend({ precision: "float32" }));
    const settings = settingsOfHash(hash);
    let last = NaN;
    const trainer = new Trainer(settings, drawnDigits(2000, settings.seed));
    await trainer.train(new AbortController().signal, step, (loss) => (last = loss));
    return last;
  }

  it("trains in two tabs at once, and in another after one was closed", () =>
    visit(async (newTab) => {
      const [one, two] = [await newTab(), await newTab()];
      await Promise.all([open(one), open(two)]);
      await Promise.all([press(one, "Train"), press(two, "Train")]);
      await state(one, 5);
      const { step } = await state(two, 5);
      await one.close();
      await state(two, step + 5);
      const three = await newTab();
      await open(three);
      await press(three, "One step");
      expect((await state(three, 1)).loss).toBeCloseTo(await lossOf(1), 3);
      await two.close();
    }));

  it("goes on from the last snapshot where the GPU is lost; lost again, which ends it for the browser, too", () =>
    visit(async (newTab) => {
      const page = await newTab();
      await open(page, "?backend=webgpu");
      await press(page, "Train");
      const before = await state(page, 4);
      await loseGpu(page);
      const { step, loss } = await pausedAt(page, before.step + 10);
      expect(Math.abs(loss / (await lossOf(step)) - 1)).toBeLessThan(1e-3);

      await press(page, "Train");
      await loseGpu(page);
      await pausedAt(page, step + 10);
    }));
});
