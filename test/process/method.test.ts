// fovea enhance --method: classical methods by the command. What they do to pixels is in test/golden/ and test/unit/enhance/.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readImage, writeImage } from "../../src/image/files.js";
import { createImage } from "../../src/image/image.js";
import { fovea, jsonLines, makeImages, start, temporaryFolder } from "./fovea.js";

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(path.join(folder, "photos"), 2, 40);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

it("applies a method to every picture, without network or backend", async () => {
  const args = ["enhance", "photos", "--method", "stretch:clip=0", "-o", "better", "--json"];
  const { code, stdout } = await fovea(args, folder);
  expect(code).toBe(0);
  const lines = jsonLines(stdout);
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line).toMatchObject({ method: "stretch:clip=0", channels: 1, bitDepth: 8 });
    expect(line).not.toHaveProperty("backend");
    const { pixels } = await readImage(path.join(folder, line.output as string));
    expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([0, 255]);
  }
});

it.each([
  [["--method", "clahe:size=3"], /--method clahe:size=3: size=3 sets nothing that clahe has/],
  [["--method", "clahe", "--model", "photo"], /'--method <name>' cannot be used with option '--model/],
  [["--method", "clahe", "--sigma", "25"], /'--method <name>' cannot be used with option '--sigma/],
])("refuses %j in one sentence", async (flags, message) => {
  const { code, stderr } = await fovea(["enhance", "photos/0.png", ...flags], folder);
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(message);
});

it("stops at Ctrl-C without leaving a file", async () => {
  const file = path.join(folder, "large.png");
  const pixels = new Uint8Array(2000 * 1500).map((_, i) => (i * 7919) % 251);
  await writeImage(file, createImage(2000, 1500, 1, pixels));
  const running = start(["enhance", "large.png", "--method", "nlmeans"], folder);
  await running.printed("large.png");
  running.child.kill("SIGINT");
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toContain("interrupted");
  expect(fs.readdirSync(folder).sort()).toEqual(["better", "large.png", "photos"]);
});
