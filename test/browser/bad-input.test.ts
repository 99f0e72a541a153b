// Files that are no photograph, dropped on the studio: each gets one sentence, and the queue goes on. The same where the site's own
// files are not sound.
import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { machine } from "../../src/image/deflate.js";
import { temporaryFolder } from "../process/fovea.js";
import { type Browser, launchBrowser, newVisitor, withoutBrowser } from "./browser.js";
import { drop, enhanced, openStudio } from "./pages.js";
import { noisyPng } from "./photographs.js";
import { buildSite, serve, withoutModules } from "./site.js";

const skipped = withoutBrowser ?? withoutModules;

describe.skipIf(skipped)(skipped ?? "bad input", () => {
  const folder = temporaryFolder();
  let browser: Browser;
  let site: string;
  const good = path.join(folder, "good.png");

  beforeAll(async () => {
    [browser, site] = [await launchBrowser(), buildSite()];
    await noisyPng(good, 3, 8, 48);
  });
  afterAll(() => browser?.close());

  it("is told in a sentence each, and does not keep the next from its turn", async () => {
    const png = fs.readFileSync(good);
    const jpeg = await sharp(good).jpeg().toBuffer();
    const huge = Buffer.from(png);
    huge.writeUInt32BE(100_000, 16);
    huge.writeUInt32BE(100_000, 20);
    const wrong: Record<string, Uint8Array> = {
      "empty.png": Buffer.alloc(0),
      "text.jpg": Buffer.from("This is a letter."),
      "cut.png": png.subarray(0, png.length / 2),
      "broken.jpg": Buffer.concat([jpeg.subarray(0, 30), Buffer.alloc(400, 7)]),
      "huge.png": huge,
      "scan.tif": await sharp(good).tiff().toBuffer(),
      "phone.heic": Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"),
      "film.mp4": Buffer.from("\0\0\0\x18ftypisom\0\0\0\0isomiso2", "latin1"),
      "drawing.svg": Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      "archive.zip": Buffer.from("PK\x03\x04", "latin1"),
      "pages.tif": await sharp(good).tiff().withIccProfile("p3").toBuffer(),
      "raw.dng": await sharp(good).tiff().toBuffer(),
      "woven.png": await sharp(good).png({ progressive: true }).toBuffer(),
      "film.png": withChunk(png, "acTL", [0, 0, 0, 3, 0, 0, 0, 0]),
      "film.gif": Buffer.from(`GIF89a\x01\0\x01\0\0\0\0${"!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0".repeat(2)};`, "latin1"), // prettier-ignore
      "film.webp": Buffer.from("RIFF\x1e\0\0\0WEBPANMF\0\0\0\0ANMF\0\0\0\0\0\0", "latin1"),
      "moving.webp": Buffer.from("RIFF\x10\0\0\0WEBPVP8X\n\0\0\0\x02\0\0\0", "latin1"),
    };
    for (const [name, bytes] of Object.entries(wrong)) fs.writeFileSync(path.join(folder, name), bytes);
    const served = await serve(site);
    const context = await newVisitor(browser);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    try {
      await openStudio(page, served.url);
      await drop(page, [...Object.keys(wrong).map((name) => path.join(folder, name)), good]);
      await enhanced(page, "good.png");
      const notes = await page.locator("#queue li.failed .note").allTextContents();
      expect(notes.length).toBe(Object.keys(wrong).length);
      for (const [i, name] of Object.keys(wrong).entries()) {
        expect(notes[i], name).toMatch(new RegExp(`^${name.replace(".", "\\.")} [^\\n]*; [^\\n]*\\.$`));
        expect(notes[i]).not.toMatch(/Error|undefined|\bat \//);
      }
      expect(await page.locator("#status").textContent()).toBe(
        `1 of ${notes.length + 1} done, ${notes.length} failed.`,
      );
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await served.close();
    }
  });

  it("names a network that is none, and goes on when it is mended", async () => {
    const weights = path.join(site, "weights/photo.safetensors");
    const bytes = fs.readFileSync(weights);
    fs.writeFileSync(weights, "not a network");
    const served = await serve(site);
    const context = await newVisitor(browser, { serviceWorkers: "block" }); // which would keep the wrong one
    try {
      const page = await context.newPage();
      await page.goto(served.url);
      await drop(page, [good]);
      await page.locator("#queue li.failed").waitFor();
      const note = await page.locator("#queue .note").textContent();
      expect(note).toMatch(
        /^The model's file is not a sound safetensors file: [^\n]*; get the file again\.$/,
      );
      fs.writeFileSync(weights, bytes);
      await page.getByRole("button", { name: "Enhance again" }).click();
      await enhanced(page, "good.png");
    } finally {
      await context.close();
      await served.close();
    }
  });

  it("takes the next of the WebAssembly modules where one is missing or broken", async () => {
    const [best, second] = ["relaxed-simd-threads", "simd-threads"].map((name) =>
      path.join(site, `wasm/${name}.wasm`),
    );
    const kept = [best, second].map((name) => fs.readFileSync(name));
    fs.rmSync(best);
    fs.writeFileSync(second, "no module");
    const served = await serve(site);
    const context = await newVisitor(browser, { serviceWorkers: "block" });
    try {
      const page = await context.newPage();
      await openStudio(page, served.url);
      expect(await page.locator("#engine").textContent()).toMatch(/^On this machine wasm computes/);
      await drop(page, [good]);
      await enhanced(page, "good.png");
    } finally {
      await context.close();
      await served.close();
      [best, second].forEach((name, i) => fs.writeFileSync(name, kept[i]));
    }
  });
});

/** A PNG with one more chunk behind its header. */
function withChunk(png: Buffer, name: string, data: readonly number[]): Buffer {
  const body = Buffer.from([...Buffer.from(name), ...data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(machine.deflate.crc32(body));
  return Buffer.concat([png.subarray(0, 33), length, body, sum, png.subarray(33)]);
}
