// What visitors do in the playground, in a real browser: train, drag through the map of codes, take the network home, send a link.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnDigits, PIXELS, SIDE } from "../../site/src/playground/digits.js";
import { batchesOf } from "../../site/src/playground/network.js";
import { settingsOfHash } from "../../site/src/playground/settings.js";
import { setBackend } from "../../src/backend/current.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { loadModel, Model, tensor } from "../../src/index.js";
import { hasPython, temporaryFolder } from "../process/fovea.js";
import { type Browser, launchBrowser, type Page, withoutBrowser } from "./browser.js";
import { inPlayground, levelsOf, saved } from "./pages.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;
const root = path.resolve(import.meta.dirname, "../..");

describe.skipIf(skipped)(skipped ?? "playground, used", () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let served: Served;

  beforeAll(async () => {
    setBackend(new ReferenceBackend({ precision: "float32" }));
    browser = await launchBrowser();
    served = await serve(buildSite());
    fs.mkdirSync(path.join(folder, "node_modules"));
    fs.symlinkSync(root, path.join(folder, "node_modules/fovea"), "dir");
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const open = (hash: string, body: (page: Page) => Promise<void>): Promise<void> =>
    inPlayground(browser, served.url, hash, body);

  /** Trains for so many steps at least, pauses, and gives the step and the last loss. */
  async function trained(page: Page, steps: number): Promise<{ step: number; loss: number }> {
    await page.getByRole("button", { name: "Train", exact: true }).click();
    const state = async () => {
      const [, step, loss] = /^Step (\d+), loss ([\d.e-]+)\.$/.exec(await status(page)) ?? [];
      return { step: Number(step ?? 0), loss: Number(loss) };
    };
    await expect.poll(async () => (await state()).step, { timeout: 250_000 }).toBeGreaterThanOrEqual(steps);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator("#one:enabled").waitFor();
    return state();
  }
  async function steps(page: Page, count: number): Promise<void> {
    for (let step = 1; step <= count; step++) {
      await page.getByRole("button", { name: "One step" }).click();
      await page.locator("#status", { hasText: `Step ${step}, loss` }).waitFor();
    }
  }
  const status = async (page: Page): Promise<string> => (await page.locator("#status").textContent())!;

  it("trains the digits that it draws to less than half of what any single picture would cost", () =>
    open("code=8&hidden=128", async (page) => {
      const { count, pixels } = drawnDigits(2000, 1);
      const mean = new Float64Array(PIXELS);
      for (const [i, level] of pixels.entries()) mean[i % PIXELS] += level / count;
      const constant =
        pixels.reduce((sum, level, i) => sum + (level - mean[i % PIXELS]) ** 2, 0) / pixels.length;
      expect((await trained(page, 400)).loss).toBeLessThan(0.5 * constant);
    }));

  it("shows the pictures of the link's seed, before and after training", () =>
    open("batch=12&seed=5", async (page) => {
      const settings = settingsOfHash("batch=12&seed=5");
      const batches = batchesOf(drawnDigits(2000, 5), settings);
      const shown = async (): Promise<number[]> => {
        const { width, levels } = await levelsOf(page, "#inputs");
        return Array.from(
          { length: SIDE * SIDE },
          (_, i) => levels[Math.floor(i / SIDE) * width + (i % SIDE)],
        );
      };
      const drawn = (step: number) =>
        Array.from(batches.batch(step).inputs[0].subarray(0, PIXELS), (x) => Math.round(255 * x));
      expect(await shown()).toEqual(drawn(0));
      await steps(page, 3);
      await expect.poll(shown, { timeout: 100_000 }).toEqual(drawn(3));
    }));

  it("draws the code that is chosen on the map, and saves a network that loadModel reads", () =>
    open("variational=true&hidden=32&activation=tanh", async (page) => {
      await trained(page, 60);
      const map = (await page.locator("#map").boundingBox())!;
      await page.mouse.move(map.x + map.width / 2, map.y + map.height / 2);
      await page.mouse.down();
      await page.mouse.move(map.x + 0.2 * map.width, map.y + 0.3 * map.height, { steps: 5 });
      await page.mouse.up();
      expect(Number(await page.locator("#code-x").inputValue())).toBeCloseTo(20, 0);
      expect(Number(await page.locator("#code-y").inputValue())).toBeCloseTo(70, 0);

      const file = await saved(page, "Weights", folder);
      const model = await loadModel(fs.readFileSync(file));
      expect(model).toBeInstanceOf(Model);
      const parameters = [...model.parameters().values()];
      expect(parameters.map(({ shape }) => shape)).toEqual([
        ...[[784, 32], [32], [32, 2], [2], [2, 32], [32], [32, 784], [784]],
      ]);
      // The half of it from the code on, by hand: the page tells the code to two decimals.
      const code = await Promise.all(
        ["#code-x-value", "#code-y-value"].map(async (id) => Number(await page.locator(id).textContent())),
      );
      const [w1, b1, w2, b2] = await Promise.all(parameters.slice(4).map((t) => t.data()));
      const hidden = Array.from(b1, (b, j) => Math.tanh(b + code[0] * w1[j] + code[1] * w1[32 + j]));
      const expected = Array.from(b2, (b, k) => {
        const z = hidden.reduce((sum, h, j) => sum + h * w2[j * PIXELS + k], b);
        return 255 / (1 + Math.exp(-z));
      });
      const { levels } = await levelsOf(page, "#decoded");
      expect(levels.length).toBe(PIXELS);
      for (const [k, level] of levels.entries())
        expect(Math.abs(level - expected[k]), `${k}`).toBeLessThan(3);
    }));

  it("saves what it shows: the loaded network gives the pictures that come out", () =>
    open("hidden=24, 12&code=3&batch=4", async (page) => {
      await steps(page, 3);
      const model = await loadModel(fs.readFileSync(await saved(page, "Weights", folder)));
      const settings = settingsOfHash("hidden=24, 12&code=3&batch=4");
      const { inputs } = batchesOf(drawnDigits(2000, settings.seed), settings).batch(3);
      const out = await (model.call(tensor(inputs[0], [4, PIXELS])) as ReturnType<typeof tensor>).data();
      const worst = async (): Promise<number> => {
        const { width, levels } = await levelsOf(page, "#outputs");
        return [...out].reduce((most, value, k) => {
          const [picture, at] = [Math.floor(k / PIXELS), k % PIXELS];
          const level = levels[Math.floor(at / SIDE) * width + picture * (SIDE + 1) + (at % SIDE)];
          return Math.max(most, Math.abs(level - 255 * value));
        }, 0);
      };
      // The pictures of the last step are drawn a moment after it.
      await expect.poll(worst, { timeout: 100_000 }).toBeLessThan(0.6);
    }));

  it.each(["hidden=16&optimizer=sgd&loss=mae", "variational=true&noise=0.2&loss=binaryCrossentropy"])(
    "exports code that runs, %s",
    (hash) =>
      open(hash, async (page) => {
        const settings = settingsOfHash(hash);
        const code = await saved(page, "As Fovea code", folder);
        const program = `
          import { model, train } from ${JSON.stringify(code)};
          const data = Float32Array.from({ length: 64 * ${PIXELS} }, (_, i) => (i % 7) / 7);
          const { history } = await train({ data, shape: [64, ${PIXELS}] }, 2);
          console.log(JSON.stringify({ losses: history.loss, sizes: [...model.parameters().values()].map((p) => p.shape) }));`;
        const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
          cwd: folder,
        });
        const { losses, sizes } = JSON.parse(printed.toString().trim().split("\n").at(-1)!) as {
          losses: number[];
          sizes: number[][];
        };
        expect(losses.length).toBe(2);
        expect(losses.every(Number.isFinite)).toBe(true);
        expect(sizes[0]).toEqual([PIXELS, settings.hidden[0]]);
        expect(sizes.length).toBe(2 * (2 * settings.hidden.length + 2));

        const keras = await saved(page, "As Keras code", folder);
        const python = fs.readFileSync(keras, "utf8");
        for (const units of [settings.hidden[0], settings.code, PIXELS])
          expect(python).toContain(`Dense(${units},`);
        if (!hasPython()) return;
        const names = "import ast, sys; print(len(ast.parse(open(sys.argv[1]).read()).body))";
        expect(Number(execFileSync("python3", ["-c", names, keras]).toString())).toBeGreaterThan(3);
      }),
  );

  it("puts what is chosen into its link, and the link brings it back", () =>
    open("", async (page) => {
      const choices = {
        ...{ hidden: "20, 10", code: "3", learningRate: "0.01", noise: "0.1", batch: "6", seed: "9" },
      };
      for (const [name, value] of Object.entries(choices)) {
        await page.locator(`[name=${name}]`).fill(value);
        await page.locator(`[name=${name}]`).blur();
      }
      const selected = { activation: "gelu", loss: "mae", optimizer: "sgd" };
      for (const [name, value] of Object.entries(selected))
        await page.locator(`[name=${name}]`).selectOption(value);
      await page.locator("[name=variational]").check();
      const link = new URL(page.url());
      await open(link.hash.slice(1), async (other) => {
        for (const [name, value] of Object.entries({ ...choices, ...selected }))
          expect(await other.locator(`[name=${name}]`).inputValue(), name).toBe(value);
        expect(await other.locator("[name=variational]").isChecked()).toBe(true);
        const pictures = async (of: Page): Promise<string> =>
          JSON.stringify([await levelsOf(of, "#inputs"), await levelsOf(of, "#outputs")]);
        const there = await pictures(other);
        await expect.poll(async () => (await pictures(page)) === there, { timeout: 100_000 }).toBe(true);
      });
    }));

  it.each(["light", "dark"] as const)(
    "has no fault that axe-core finds, %s, the walk included",
    (colorScheme) =>
      open("hidden=8&batch=4", async (page) => {
        await page.emulateMedia({ colorScheme });
        const faults = async (where: Pick<Page, "evaluate">): Promise<string[]> => {
          await where.evaluate(axe.source);
          const { violations } = await where.evaluate(() =>
            (globalThis as unknown as { axe: typeof axe }).axe.run({ iframes: false }),
          );
          return violations.map(
            ({ id, impact, nodes }) => `${impact}: ${id} at ${nodes[0].target.join(" ")}`,
          );
        };
        await page.getByRole("button", { name: "One step" }).click();
        await page.locator("#status", { hasText: "Step 1, loss" }).waitFor();
        expect(await faults(page)).toEqual([]);
        await page.getByRole("button", { name: "Walk through the next step" }).click();
        await page.frameLocator("#walk-frame").getByRole("button", { name: "next step" }).click();
        expect(await faults(page)).toEqual([]);
        expect(await faults(page.frames().find((frame) => frame.url().endsWith("walk.html"))!)).toEqual([]);
      }),
  );
});
