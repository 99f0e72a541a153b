// The playground in a real browser: what it walks through is right. A link to it holds its state.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchesOf, Autoencoder } from "../../site/src/playground/network.js";
import { drawnDigits, PIXELS } from "../../site/src/playground/digits.js";
import { hashOf, settingsOfHash } from "../../site/src/playground/settings.js";
import { setBackend } from "../../src/backend/current.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import {
  add,
  grad,
  gradcheck,
  matMul,
  meanSquaredError,
  sigmoid,
  tanh,
  tensor,
  type Tensor,
} from "../../src/index.js";
import type { PageData } from "../../src/inspect/html/page-data.js";
import { type Browser, launchBrowser, type Page, withoutBrowser } from "./browser.js";
import { inPlayground } from "./pages.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;

it("a link holds the whole state, and nonsense in it becomes the defaults", () => {
  const hash =
    "hidden=128%2C32&code=3&activation=gelu&variational=true&loss=mae&optimizer=sgd&batch=8&seed=5";
  const settings = settingsOfHash(`#${hash}&learningRate=0.01&noise=0.3`);
  expect(settings).toMatchObject({
    hidden: [128, 32],
    code: 3,
    variational: true,
    learningRate: 0.01,
    noise: 0.3,
  });
  expect(settingsOfHash(hashOf(settings))).toEqual(settings);
  expect(hashOf(settingsOfHash(""))).toBe("");
  expect(settingsOfHash("#code=x&activation=evil&batch=1e9&hidden=<b>&noise=-1")).toMatchObject({
    ...{ code: 2, activation: "relu", batch: 512, hidden: [64], noise: 0 },
  });
});

describe.skipIf(skipped)(skipped ?? "playground", () => {
  let browser: Browser;
  let served: Served;

  beforeAll(async () => {
    browser = await launchBrowser();
    served = await serve(buildSite());
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const open = (hash: string, body: (page: Page) => Promise<void>): Promise<void> =>
    inPlayground(browser, served.url, hash, body);

  it("walks through the gradients that gradcheck finds", () =>
    open("hidden=6&batch=4&seed=3&activation=tanh", async (page) => {
      await page.getByRole("button", { name: "Walk through the next step" }).click();
      const frame = page.frameLocator("#walk-frame");
      await frame.getByRole("button", { name: "next step" }).click();
      await frame.getByText("forward 1 of").waitFor();
      const data = JSON.parse((await frame.locator("#data").textContent())!) as PageData;

      setBackend(new ReferenceBackend({ precision: "float64" }));
      const settings = settingsOfHash("hidden=6&batch=4&seed=3&activation=tanh");
      const { target } = batchesOf(drawnDigits(2000, settings.seed), settings).batch(0);
      const network = new Autoencoder(settings);
      network.build([settings.batch, PIXELS], settings.seed);
      const parameters = [...network.parameters()];
      const loss = (...p: Tensor[]): Tensor => {
        const x = tensor(Float64Array.from(target as Float32Array), [settings.batch, PIXELS]);
        const dense = (input: Tensor, i: number) => add(matMul(input, p[2 * i]), p[2 * i + 1]);
        const code = dense(tanh(dense(x, 0)), 1);
        return meanSquaredError(sigmoid(dense(tanh(dense(code, 2)), 3)), x);
      };
      const numbers = await Promise.all(
        parameters.map(async ([, t]) => ({ shape: t.shape, data: await t.data() })),
      );
      expect(await gradcheck(loss, numbers)).toMatchObject({ ok: true });

      const leaves = parameters.map(([, t]) => t);
      const gradients = await Promise.all(grad(loss(...leaves), leaves).map((g) => g.data()));
      for (const [k, [name, { shape }]] of parameters.entries()) {
        const leaf = data.leaves.findIndex((l) => l.kind === "parameter" && l.name === name);
        const { gradient } = data.states[0].leaves[leaf];
        const columns = shape.at(-1)!;
        const largest = Math.max(...gradients[k].map(Math.abs));
        for (const [y, row] of gradient!.table.entries())
          for (const [x, shown] of row.entries())
            expect(
              Math.abs(shown - gradients[k][y * columns + x]) / largest,
              `${name} ${y} ${x}`,
            ).toBeLessThan(1e-4);
      }
      expect(data.nodes.length).toBeGreaterThan(10);
      expect(data.nodes.every(({ formula, forward }) => formula?.forward && forward.length > 0)).toBe(true);
    }));
});
