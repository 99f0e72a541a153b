// fovea compare: sheets, pages and figures, by the command.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readImage, writeImage } from "../../src/image/files.js";
import { fovea, gentle, jsonLines, makeImages, onReference, temporaryFolder, tinyNetwork } from "./fovea.js";

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(path.join(folder, "photos"), 2, 40);
  const image = await readImage(path.join(folder, "photos/0.png"));
  await writeImage(path.join(folder, "noisy.png"), {
    ...image,
    pixels: image.pixels.map((level, i) => level + ((i * 7919) % 41) - 20),
  });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

it("writes a sheet and a page, and prints a line for each method and network", async () => {
  const train = ["train", "--data", "photos", "--steps", "1", "--out", "run", ...tinyNetwork, ...onReference];
  expect((await fovea(train, folder)).code).toBe(0);
  gentle(path.join(folder, "run"));
  const { code, stdout, stderr } = await fovea(
    [
      ...["compare", "noisy.png", "--clean", "photos/0.png", "--with", "clahe:clip=2,tiles=4,median,run"],
      ...["--zoom", "3,4,10", "--zoom", "20,20,16", "-o", "sheet.png", "--html", "page.html", "--json"],
      ...["--sigma", "20", ...onReference],
    ],
    folder,
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const lines = jsonLines(stdout);
  expect(lines.map(({ name }) => name)).toEqual(["input", "clahe:clip=2,tiles=4", "median", "run"]);
  for (const line of lines)
    expect(line).toMatchObject({ psnr: expect.any(Number), ssim: expect.any(Number) });
  expect(lines[2].psnr).toBeGreaterThan(lines[0].psnr as number);
  expect((await readImage(path.join(folder, "sheet.png"))).channels).toBe(3);
  const page = fs.readFileSync(path.join(folder, "page.html"), "utf8");
  expect(page.match(/<img /g)).toHaveLength(5);
});

it.each([
  [["noisy.png"], /Nothing to write; give -o SHEET.png, --html FILE or --json/],
  [["noisy.png", "--json", "--with", "medain"], /--with medain is none of the classical methods/],
  [["noisy.png", "--json", "--with", "median:size=2"], /--with median:size=2: size 2 is not an odd number/],
  [["noisy.png", "--json", "--with", "median", "--zoom", "1,2"], /--zoom 1,2 is no square/],
  [
    ["noisy.png", "--json", "--with", "median", "--zoom", "39,0,9"],
    /--zoom 39,0,9 does not lie in the picture/,
  ],
  [
    ["noisy.png", "--json", "--with", "median", "--clean", "photos/1.png"],
    /--clean photos\/1.png .* is not of the size/,
  ],
  [["noisy.png", "--with", "median", "-o", "noisy.png", "--force"], /would overwrite a picture to compare/],
  [["noisy.png", "--with", "median", "-o", "photos/1.png"], /is there already; .* --force/],
  [["noisy.png", "--with", "median", "-o", "sheet.gif"], /Cannot tell from the name sheet.gif/],
])("refuses %j in one sentence", async (args, message) => {
  const { code, stdout, stderr } = await fovea(["compare", ...args], folder);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(message);
});
