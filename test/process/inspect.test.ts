// fovea inspect as a user runs it: text, drawing, the walk, and the page in a real browser.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchBrowser, type Page, withoutBrowser } from "../browser/browser.js";
import { fovea, jsonLines, onReference, start, temporaryFolder } from "./fovea.js";

const folder = temporaryFolder();
const library = pathToFileURL(path.resolve(import.meta.dirname, "../../dist/index.js")).href;

/** A script that exports a network of `layers` dense layers on 9 numbers. */
function script(name: string, layers: number, tail = ""): string {
  const file = path.join(folder, name);
  fs.writeFileSync(
    file,
    `import { Dense, Input, Model, tensor } from ${JSON.stringify(library)};
const input = Input({ shape: [9] });
let x = input;
for (let i = 0; i < ${layers}; i++) x = new Dense(9, { activation: "tanh", name: "dense" + i }).apply(x);
export const model = new Model({ inputs: input, outputs: x });
${tail}`,
  );
  return file;
}

beforeAll(() => {
  script("small.mjs", 2);
  script("large.mjs", 66);
  fs.writeFileSync(
    path.join(folder, "wrong.mjs"),
    `import { Dense, Flatten, Conv2D, ones, Sequential } from ${JSON.stringify(library)};
export const model = new Sequential([new Flatten(), new Conv2D(2, 3, { name: "wrong" })]);
export const x = ones([1, 4, 4, 1]);`,
  );
});

describe("in the terminal", () => {
  it("--text prints the tape, --dot a drawing, --json a line", async () => {
    const text = await fovea(["inspect", "small.mjs", "--text", ...onReference], folder);
    expect(text.code, text.stderr).toBe(0);
    expect(text.stdout).toMatch(/small\.mjs: loss mse [\d.]+, 9 operations/);
    expect(text.stdout).toContain("rule      da = dy bᵀ;");
    const dot = await fovea(["inspect", "small.mjs", "--dot", ...onReference], folder);
    expect(dot.stdout).toMatch(/^digraph/);
    const json = await fovea(["inspect", "small.mjs", "--json", ...onReference], folder);
    expect(jsonLines(json.stdout)).toMatchObject([{ title: "small.mjs", operations: 9 }]);
  });

  it("--step walks there and back, prints, plots and nudges", async () => {
    const running = start(["inspect", "small.mjs", "--step", ...onReference], folder);
    const commands = ["", "n", "into -8", "p", "print dense0.kernel.grad", "plot", "nudge dense0.kernel 4", "nudge nothing", "params", "q"]; // prettier-ignore
    running.child.stdin.end(`${commands.join("\n")}\n`);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/forward 1\/9 {2}#0 matMul {2}input \[4, 9\], dense0.kernel \[9, 9\] -> \[4, 9\]/);
    expect(stdout).toMatch(/backward 1\/9 {2}#8 mean\n {2}gradient {2}1\n {2}rule/);
    const [, gradient, difference] = /slope by the gradient (\S+), by finite difference (\S+)/.exec(
      stdout.replaceAll("−", "-"),
    )!;
    expect(Number(difference) / Number(gradient)).toBeCloseTo(1, 1);
    expect(stdout).toContain('There is nothing called nothing; "params" lists the parameters.');
    expect(stdout).toMatch(/dense1\.bias\s+\[9\]\s+gradient's norm/);
  });

  it("a wrong shape ends the tape and the command", async () => {
    const { code, stdout } = await fovea(["inspect", "wrong.mjs", "--text", ...onReference], folder);
    expect(code).toBe(1);
    expect(stdout).toMatch(/#0 reshape[^]*ended here in wrong \(Conv2D\), given \[1, 16\]: conv2d: /);
  });

  it.each(["--text", "--html"])(
    "a network that cannot be drawn is shown as far as it was: %s",
    async (flag) => {
      const file = path.join(folder, "undrawn.mjs");
      fs.writeFileSync(
        file,
        `import { Add, Dense, Input, Model } from ${JSON.stringify(library)};
const [a, b] = [Input({ shape: [3] }), Input({ shape: [4] })];
const left = new Dense(5, { name: "left" }).apply(a);
const both = new Add({ name: "both" }).apply([left, new Dense(6, { name: "right" }).apply(b)]);
export const model = new Model({ inputs: [a, b], outputs: both });`,
      );
      const page = path.join(folder, "undrawn.html");
      const words = flag === "--html" ? ["--html", page] : ["--text"];
      const { code, stdout } = await fovea(["inspect", "undrawn.mjs", ...words, ...onReference], folder);
      const shown = flag === "--html" ? fs.readFileSync(page, "utf8") : stdout;
      expect(code).toBe(flag === "--html" ? 0 : 1);
      if (flag === "--text")
        expect(shown).toMatch(/left Dense[^]*#0 matMul[^]*right Dense[^]*#2 matMul[^]*ended here in both \(Add\), given \[4, 5\] and \[4, 6\]: /); // prettier-ignore
      else expect(shown).toMatch(/"failure":\{"message":"[^"]*\[4, 5\] and \[4, 6\]/);
    },
  );

  it("says what is wrong with what it is given, in a sentence", async () => {
    fs.writeFileSync(path.join(folder, "empty.mjs"), "export const nothing = 1;");
    for (const [args, message] of [
      [["none.mjs"], "There is no script none.mjs; check the path."],
      [["empty.mjs"], "empty.mjs exports no model of this Fovea"],
      [["small.mjs", "--model", "photo"], "small.mjs brings its own model"],
      [["small.mjs", "--program"], "--program and --summary do not go with a trace"],
      [["small.mjs", "--loss", "msee"], "mse"],
    ] as const) {
      const { code, stderr } = await fovea(["inspect", ...args, ...onReference], folder);
      expect(code).toBe(1);
      expect(stderr).toContain(message);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
  });
});

describe.skipIf(withoutBrowser)("the page, in Chromium", () => {
  let browser: Browser;
  const errors: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  async function opened(name: string, ...args: string[]): Promise<Page> {
    const file = path.join(folder, `${name}.html`);
    const { code, stderr } = await fovea(["inspect", ...args, "--html", file, ...onReference], folder);
    expect(code, stderr).toBe(0);
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  it("opens nodes, weights and the walk, and asks no network", async () => {
    const page = await opened("small", "small.mjs");
    expect(await page.locator(".row:not(.heading)").count()).toBe(9);
    await page.locator(".cell.value", { hasText: "tanh" }).first().click();
    expect(await page.locator("#panel h2").textContent()).toContain("tanh");
    expect(await page.locator("#panel .formula").allTextContents()).toEqual([
      "y = tanh x",
      "dx = dy · (1 − y²)",
    ]);
    const [dy, slope, product] = (await page.locator(".terms tbody td").allTextContents())
      .slice(1, 4)
      .map((text) => Number(text.replaceAll("−", "-")));
    expect(dy * slope).toBeCloseTo(product, 3);
    expect(await page.locator("#source pre").textContent()).toContain("derivative: (y) => 1 - y * y");
    await page.locator(".chip", { hasText: "kernel" }).first().click();
    expect(await page.locator(".curve .point").count()).toBeGreaterThan(7);
    await page.getByRole("button", { name: "next step" }).click();
    expect(await page.locator(".step").textContent()).toBe("forward 1 of 9: matMul makes 4×9");
    expect(await page.locator(".row.no-value").count()).toBe(8);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await page.locator(".step").textContent()).toBe("backward 9 of 9: through matMul");
    await page.getByRole("button", { name: "fold all" }).click();
    expect(await page.locator(".row.layer").count()).toBe(2);
    expect([...new Set(requests.map((url) => new URL(url).protocol))]).toEqual(["file:"]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("shows 200 operations, folded at first", async () => {
    const page = await opened("large", "large.mjs", "--batch", "1");
    expect(await page.locator(".row.layer").count()).toBe(66);
    await page.getByRole("button", { name: "unfold", exact: true }).click();
    expect(await page.locator(".row:not(.heading)").count()).toBe(201);
    expect(await page.locator(".arcs.left .arc").count()).toBe(200);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("has a slider over states of the weights", async () => {
    const saving = script("saving.mjs", 1, 'export const files = [];\nfor (const name of ["a", "b"]) await model.save(name + ".safetensors");'); // prettier-ignore
    expect((await fovea(["inspect", saving, "--json", ...onReference], folder)).code).toBe(0);
    const page = await opened("states", "--checkpoints", "a.safetensors", "b.safetensors");
    expect(await page.locator(".states output").textContent()).toBe("b");
    await page.locator(".states input").fill("0");
    expect(await page.locator(".states output").textContent()).toBe("a");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("shows where a shape is wrong", async () => {
    const page = await opened("wrong", "wrong.mjs");
    expect(await page.getByRole("alert").textContent()).toMatch(/wrong \(Conv2D\)was given 1×16conv2d: /);
    expect(await page.locator(".row:not(.heading)").count()).toBe(2);
    expect(errors).toEqual([]);
    await page.close();
  });
});

if (withoutBrowser) it("the page", (context) => context.skip(withoutBrowser));
