// Sheets and pages that compare: sizes, figures, and that a page is whole in itself. How they look is for eyes.

import { describe, expect, it } from "vitest";
import { comparePage } from "../../../src/enhance/compare-page.js";
import { checkSameSize, checkZoom, describeNearness, nearness } from "../../../src/enhance/compare.js";
import { contactSheet } from "../../../src/enhance/contact-sheet.js";
import { createImage, type Image } from "../../../src/image/image.js";
import { psnr } from "../../../src/image/metrics.js";

const wave = (width: number, height: number, shift = 0): Image =>
  createImage(
    width,
    height,
    1,
    Uint8Array.from({ length: width * height }, (_, i) => 120 + 80 * Math.sin((i % width) / 5) + shift),
  );

describe("nearness", () => {
  it("measures in the clean picture's colours, without alpha", () => {
    const [image, clean] = [wave(20, 15, 5), wave(20, 15)];
    const withAlpha = createImage(
      20,
      15,
      2,
      new Uint8Array(600).map((_, i) => (i % 2 ? 9 : image.pixels[i >> 1])),
    );
    const found = nearness(image, clean);
    expect(found.psnr).toBe(psnr(clean, image));
    expect(nearness(withAlpha, clean)).toEqual(found);
    expect(describeNearness(found)).toMatch(/^34\.15 dB, SSIM 1\.000/);
  });

  it("leaves SSIM out where its window does not fit, and says when pictures are the same", () => {
    expect(describeNearness(nearness(wave(8, 30, 5), wave(8, 30)))).toBe("34.15 dB");
    expect(describeNearness(nearness(wave(20, 20), wave(20, 20)))).toBe("the same");
  });
});

it("refuses a clean picture of another size and squares outside, by name", () => {
  expect(() => checkSameSize(wave(20, 15), "a.png", wave(15, 20), "b.png")).toThrow(
    /^clean b.png \(15x20, .*\) is not of the size of a.png \(20x15/,
  );
  expect(() => checkZoom({ x: 10, y: 0, side: 11 }, wave(20, 15))).toThrow(/^zoom 10,0,11 does not lie/);
  checkZoom({ x: 5, y: 0, side: 15 }, wave(20, 15));
});

describe("contactSheet", () => {
  it.each([
    [1, 1],
    [17, 1],
    [1, 40],
    [700, 90],
    [90, 1500],
  ])("has a cell an entry for pictures of %i by %i", (width, height) => {
    const image = wave(width, height);
    const entries = ["input", "a", "b", "c", "d"].map((title) => ({ title, image }));
    const sheet = contactSheet(entries, [{ x: 0, y: 0, side: 1 }], image);
    expect(sheet.channels).toBe(3);
    expect(sheet.width).toBeLessThanOrEqual(2000);
    const narrow = contactSheet(entries.slice(0, 1));
    expect(sheet.width).toBeGreaterThan(narrow.width);
    expect(sheet.height).toBeGreaterThan(narrow.height);
  });

  it("shows a difference only where there is one", () => {
    const [clean, other] = [wave(40, 30), wave(40, 30, 10)];
    const count = (sheet: Image, level: number) => sheet.pixels.filter((value) => value === level).length;
    const same = contactSheet([{ title: "", image: clean }], [], clean);
    const different = contactSheet([{ title: "", image: other }], [], clean);
    // Enlarged twelve times; ten levels are shown as fifty in each of three channels.
    expect(count(different, 50) - count(same, 50)).toBeGreaterThanOrEqual(3 * 40 * 30 * 144 * 0.9);
  });
});

describe("comparePage", () => {
  const page = comparePage({
    title: 'a<b>&"c".png',
    width: 30,
    height: 20,
    after: 1,
    entries: [
      { title: "input", detail: "20.00 dB", source: "data:image/png;base64,AA==" },
      { title: "<script>alert(1)</script>", detail: "</script>", source: "data:image/png;base64,BB==" },
    ],
  });

  it("asks no network: no address in it but its pictures", () => {
    expect(page.match(/(src|href)="[^"]*"|url\(|https?:|import/g)).toEqual([
      'src="data:image/png;base64,AA=="',
      'src="data:image/png;base64,BB=="',
    ]);
  });

  it("takes names for text, whatever is in them", () => {
    expect(page).toContain("<h1>a&lt;b&gt;&amp;&quot;c&quot;.png</h1>");
    expect(page.split("<script>")).toHaveLength(2);
    expect(page.split("</script>")).toHaveLength(2);
  });
});
