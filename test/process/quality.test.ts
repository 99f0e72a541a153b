// The product's figures, by the commands that a model card quotes: a published network gives its known figure, the demo works.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nativeProblem } from "../../src/backend/native/addon.js";
import { boats, read } from "../../src/cli/demo/photographs.js";
import { jpeg } from "../../src/data/degrade/jpeg.js";
import { convertChannels } from "../../src/image/colour.js";
import { readImage, writeImage } from "../../src/image/files.js";
import { psnr } from "../../src/image/metrics.js";
import { toImage, toPlane } from "../../src/image/plane.js";
import { fovea, jsonLines, temporaryFolder } from "./fovea.js";

const data = fileURLToPath(new URL("../../../shared/data", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("fovea eval", () => {
  it("gives a published DnCNN its figure, 30.44 dB on Set12 at sigma 25", async (context) => {
    if (!fs.existsSync(data)) return context.skip("../shared/data is not there");
    const problem = nativeProblem();
    if (problem !== undefined) return context.skip(`plain TypeScript takes too long for it, and ${problem}`);
    const weights = path.join(data, "weights/dncnn-s-25.safetensors");
    const set = path.join(data, "test/Set12");
    const args = [
      "eval",
      "--model",
      weights,
      "--arch",
      "dncnn",
      "--data",
      set,
      "--json",
      "--backend",
      "native",
    ];
    const [{ images, psnr, psnrNoisy }] = jsonLines((await fovea(args, folder)).stdout);
    expect(images).toBe(12);
    expect(Math.abs((psnr as number) - 30.44)).toBeLessThanOrEqual(0.02);
    expect(Math.abs((psnrNoisy as number) - 20.17)).toBeLessThanOrEqual(0.02);
  });
});

describe("fovea enhance --task deblock", () => {
  it("takes blocks out of a JPEG, in colour and in grey, and leaves the clean picture nearly as it was", async (context) => {
    try {
      await import("sharp");
    } catch {
      return context.skip("the photograph is a JPEG and the package sharp is missing");
    }
    const photograph = await read(boats, 256);
    for (const channels of [3, 1] as const) {
      const clean = convertChannels(photograph, channels);
      const bad = toImage(jpeg(toPlane(clean), 10));
      const files = { clean: `clean${channels}.png`, bad: `bad${channels}.png` };
      await writeImage(path.join(folder, files.clean), clean);
      await writeImage(path.join(folder, files.bad), bad);
      const { code } = await fovea(
        ["enhance", files.bad, files.clean, "--task", "deblock", "-o", "better", "--json"],
        folder,
      );
      expect(code).toBe(0);
      const better = await readImage(path.join(folder, "better", files.bad));
      expect(better.channels).toBe(channels);
      expect(psnr(clean, better) - psnr(clean, bad)).toBeGreaterThan(0.7);
      expect(psnr(clean, await readImage(path.join(folder, "better", files.clean)))).toBeGreaterThan(36);
    }
  });
});

describe("fovea demo", () => {
  it("writes its pictures and says how good they are after a short training", async (context) => {
    try {
      await import("sharp");
    } catch {
      return context.skip("the demo's photographs are JPEG and the package sharp is missing");
    }
    const { code, stdout } = await fovea(
      ["demo", "--train", "--seconds", "8", "--json", "-o", "pictures"],
      folder,
    );
    expect(code).toBe(0);
    const [result] = jsonLines(stdout);
    expect(Math.abs((result.psnrNoisy as number) - 20.2)).toBeLessThan(0.5);
    expect(result.psnr).toEqual(expect.any(Number));
    for (const [name, width] of [
      ["noisy", 512],
      ["enhanced", 512],
      ["sideBySide", 3 * 512 + 16],
    ] as const)
      expect(await readImage(path.join(folder, result[name] as string))).toMatchObject({
        width,
        height: 512,
        channels: 3,
      });
  });
});
