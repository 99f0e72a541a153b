// Kinds of files that other programs lose something of: what the page makes of each is what the command makes. Those that it does not read
// are in bad-input.test.ts.
import path from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImage } from "../../src/image/files.js";
import { fovea, temporaryFolder } from "../process/fovea.js";
import { type Browser, launchBrowser, newVisitor, withoutBrowser } from "./browser.js";
import { drop, openStudio, saved } from "./pages.js";
import { noisyPng } from "./photographs.js";
import { buildSite, serve, type Served, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;

/** By name, from a noisy photograph. */
const kinds: Record<string, (photo: Sharp) => Sharp> = {
  "palette.png": (photo) => photo.png({ palette: true, colours: 32 }),
  "onebit.png": (photo) => photo.greyscale().threshold(128).png({ palette: true, colours: 2 }),
  "grey16.png": (photo) => photo.greyscale().toColourspace("grey16").png(),
  "profile.png": (photo) => photo.withIccProfile("p3").png(),
  "turned.png": (photo) => photo.withMetadata({ orientation: 6 }).png(),
  "dense.png": (photo) => photo.withMetadata({ density: 300 }).png(),
  "cutout.png": (photo) => photo.ensureAlpha(0.4).png(),
  "checker.png": () => {
    const checker = Buffer.alloc(40 * 40);
    for (let i = 0; i < checker.length; i++) checker[i] = ((i % 40) + Math.floor(i / 40)) % 2 === 0 ? 255 : 0;
    return sharp(checker, { raw: { width: 40, height: 40, channels: 1 } }).png();
  },
  "turned.jpg": (photo) => photo.withMetadata({ orientation: 6, density: 300 }).jpeg({ quality: 95 }),
  "profile.jpg": (photo) => photo.withIccProfile("p3").jpeg({ quality: 95 }),
  "grey.jpg": (photo) => photo.greyscale().jpeg({ quality: 95 }),
  "lossless.webp": (photo) => photo.webp({ lossless: true }),
};

describe.skipIf(skipped)(skipped ?? "kinds of files", () => {
  const folder = temporaryFolder();
  const file = (name: string) => path.join(folder, name);
  let browser: Browser;
  let served: Served;

  beforeAll(async () => {
    browser = await launchBrowser();
    served = await serve(buildSite());
    await noisyPng(file("photo.png"), 3, 8, 48);
    for (const [name, made] of Object.entries(kinds)) await made(sharp(file("photo.png"))).toFile(file(name));
    const { code, stderr } = await fovea(["enhance", ...Object.keys(kinds), "-o", "by-command"], folder);
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  it("come back as from the command: pixels, bits, turned, with their profile and density", async () => {
    const context = await newVisitor(browser);
    try {
      const page = await context.newPage();
      await openStudio(page, served.url);
      await drop(page, Object.keys(kinds).map(file));
      for (const [i, name] of Object.keys(kinds).entries()) {
        // Chromium silently drops downloads beyond the tenth of a burst, which a second's pause ends.
        if (i === 8) await page.waitForTimeout(1500);
        const line = page.locator("#queue li", { hasText: name });
        await line.and(page.locator(".done, .failed")).waitFor();
        expect(await line.getAttribute("class"), await line.innerText()).toContain("done");
        const result = await readImage(await saved(page, `Download ${name}`, folder));
        const wanted = await readImage(file(`by-command/${name}`));
        // A canvas writes JPEG with tables of its own, and no lossless WebP.
        expect(result.metadata?.format, name).toBe(name.endsWith("webp") ? "png" : wanted.metadata?.format);
        for (const key of ["width", "height", "channels", "bitDepth"] as const)
          expect(result[key], `${name} ${key}`).toBe(wanted[key]);
        const differences = wanted.pixels.map((level, i) => Math.abs(level - result.pixels[i])) as Uint8Array;
        const levels = wanted.bitDepth === 16 ? 257 : 1;
        const [largest, mean] = [
          Math.max(...differences),
          differences.reduce((a, b) => a + b, 0) / differences.length,
        ];
        if (name.endsWith("jpg")) expect(mean, name).toBeLessThan(2.5);
        else expect(largest / levels, name).toBeLessThanOrEqual(1);
        if (name.endsWith("webp")) continue;
        for (const key of ["icc", "exif", "density"] as const)
          expect(result.metadata?.[key], `${name} ${key}`).toEqual(wanted.metadata?.[key]);
      }
    } finally {
      await context.close();
    }
  });
});
