// --task photo and deblock: a blind network from another's weights, with a moving average, stopped and gone on with; and pairs of files measured.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jpeg } from "../../src/data/degrade/jpeg.js";
import { convertChannels } from "../../src/image/colour.js";
import { readImage, writeImage } from "../../src/image/files.js";
import { psnr } from "../../src/image/metrics.js";
import { toPlane } from "../../src/image/plane.js";
import { readCheckpoint } from "../../src/train/files.js";
import { fovea, jsonLines, makeImages, onReference, temporaryFolder } from "./fovea.js";

let folder: string;
const inside = (name: string): string => path.join(folder, name);
const small = ["--widths", "2,3", "--blocks", "1", "--patch", "8", "--batch", "2", "--json", ...onReference];
const train = (...more: string[]) => fovea(["train", "--data", "images", ...more, ...small], folder);
const photo = (out: string, steps: string, ...more: string[]) =>
  train("--task", "photo", "--out", out, "--ema", "0.9", "--init", "told", "--steps", steps, ...more);
const tensorsOf = (run: string) =>
  [...readCheckpoint(inside(`${run}/checkpoint.safetensors`)).snapshot.tensors].map(
    ([name, { shape, data }]) => [name, shape, [...data]] as const,
  );

beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(inside("images"), 3, 32);
  const { code, stderr } = await train("--channels", "3", "--steps", "2", "--out", "told");
  expect(stderr).toContain("2 steps");
  expect(code).toBe(0);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("fovea train --task photo", () => {
  it("goes on to the same bits, the average's too, and remembers what it was told", async () => {
    const whole = await photo("whole", "6", "--val", "images", "--val-every", "3");
    expect(whole.stderr).toContain("a camera's noise and JPEG");
    expect(whole.code).toBe(0);
    expect((await photo("half", "3")).code).toBe(0);
    // Where the weights came from is not needed any more.
    fs.renameSync(inside("told"), inside("elsewhere"));
    const on = await fovea(
      ["train", "--out", "half", "--resume", "--steps", "6", "--json", ...onReference],
      folder,
    );
    fs.renameSync(inside("elsewhere"), inside("told"));
    expect(on.stderr).toContain("6 steps");
    // The learning rate falls along the steps there are in all, so the run of 3 ended on another path; its twin goes that way too.
    expect(tensorsOf("half").map(([name]) => name)).toEqual(tensorsOf("whole").map(([name]) => name));
    expect((await photo("twin", "3")).code).toBe(0);
    await fovea(["train", "--out", "twin", "--resume", "--steps", "6", "--json", ...onReference], folder);
    expect(tensorsOf("twin")).toEqual(tensorsOf("half"));
    const { config } = readCheckpoint(inside("half/checkpoint.safetensors"));
    expect(config).toMatchObject({ task: "photo", draw: "detail", ema: 0.9, init: "told" });
    expect(config).toMatchObject({ model: { options: { channels: 3, sigma: false } } });
  });

  it("interrupted after a step it goes on to the bits of a run that was not", async () => {
    // A run of 6 steps whose folder is put back to what it was after 3.
    const every = ["--save-every", "3"];
    expect((await photo("straight", "6", ...every)).code).toBe(0);
    const wanted = tensorsOf("straight");
    const { code } = await photo("stopped", "6", "--stop-loss", "10", ...every);
    expect(code).toBe(0); // stops after the first step
    const more = ["--stop-loss", "1e-9", "--steps", "6", "--json", ...onReference];
    expect((await fovea(["train", "--out", "stopped", "--resume", ...more], folder)).code).toBe(0);
    expect(tensorsOf("stopped")).toEqual(wanted);
  });

  it("saves the average as the best weights, and eval uses it", async () => {
    const best = readCheckpoint(inside("whole/best.safetensors")).snapshot.tensors;
    const { tensors } = readCheckpoint(inside("whole/checkpoint.safetensors")).snapshot;
    const kernel = "head.kernel";
    expect(best.get(`model.${kernel}`)!.shape).toEqual([3, 3, 12, 2]);
    expect(best.has(`average.${kernel}`)).toBe(false);
    expect([...tensors.get(`average.${kernel}`)!.data]).not.toEqual([
      ...tensors.get(`model.${kernel}`)!.data,
    ]);
    const log = jsonLines(fs.readFileSync(inside("whole/log.jsonl"), "utf8"));
    if (log.filter((line) => "validationPsnr" in line).at(-1)?.best === true)
      expect([...best.get(`model.${kernel}`)!.data]).toEqual([...tensors.get(`average.${kernel}`)!.data]);
  });

  it("refuses what does not go with it", async () => {
    const refused = async (...more: string[]) => (await train("--steps", "1", "--out", "no", ...more)).stderr;
    expect(await refused("--task", "photo", "--channels", "1")).toContain("leave --channels 1 out");
    expect(await refused("--task", "photo", "--sigma", "25")).toContain("leave --sigma out");
    expect(await refused("--ema", "1")).toContain("--ema 1 is not a decay from 0 to below 1");
    expect(await refused("--channels", "3", "--init", "nowhere")).toContain("nowhere");
    const other = ["--widths", "2,4", "--steps", "1", "--out", "no", "--channels", "3", "--init", "told"];
    const { stderr } = await fovea(["train", "--data", "images", ...small, ...other], folder);
    expect(stderr).toContain("does not fit this model");
  });
});

describe("--task deblock", () => {
  it("learns from JPEG, and is measured at the qualities that are named, grey pictures in grey", async () => {
    const made = await train("--task", "deblock", "--out", "blocks", "--steps", "2", "--val", "images");
    expect(made.stderr).toContain("JPEG of any quality");
    expect(made.code).toBe(0);
    const evaluate = (...more: string[]) =>
      fovea(["eval", "--model", "blocks", "--task", "deblock", "--json", ...onReference, ...more], folder);
    await makeImages(inside("greys"), 2, 32);
    for (const i of [0, 1])
      await writeImage(
        inside(`greys/${i}.png`),
        convertChannels(await readImage(inside(`greys/${i}.png`)), 1),
      );
    const { stdout } = await evaluate("--data", "greys", "--quality", "10,90");
    const [low, high] = jsonLines(stdout);
    expect(low).toMatchObject({ images: 2, task: "deblock", quality: 10 });
    expect(high).toMatchObject({ images: 2, task: "deblock", quality: 90 });
    expect(high.psnrInput).toBeGreaterThan((low.psnrInput as number) + 3);
    const loss = async (i: number) => {
      const clean = await readImage(inside(`greys/${i}.png`));
      return psnr(clean, jpeg(toPlane(clean), 10));
    };
    expect(low.psnrInput).toBeCloseTo(((await loss(0)) + (await loss(1))) / 2, 3);
    expect((await evaluate("--data", "greys", "--quality", "0")).stderr).toContain(
      "a whole number from 1 to 100",
    );
    expect((await evaluate("--data", "greys", "--sigma", "5")).stderr).toContain(
      "--quality instead of --sigma",
    );
    const denoise = await fovea(["eval", "--model", "blocks", "--quality", "5", "--data", "greys"], folder);
    expect(denoise.stderr).toContain("--quality is for --task deblock");
  });
});

describe("fovea eval --task photo", () => {
  const evaluate = (...more: string[]) =>
    fovea(["eval", "--model", "whole", "--task", "photo", "--json", ...onReference, ...more], folder);

  it("measures pairs of files by the order of their names", async () => {
    await makeImages(inside("pairs"), 2, 32);
    for (const i of [0, 1]) {
      fs.renameSync(inside(`pairs/${i}.png`), inside(`pairs/p${i}_clean.png`));
      await writeImage(inside(`pairs/p${i}_bad.jpg`), await readImage(inside(`pairs/p${i}_clean.png`)));
    }
    const { stdout, code } = await evaluate("--data", "pairs/*_clean.png", "--input", "pairs/*_bad.jpg");
    expect(code).toBe(0);
    const [result] = jsonLines(stdout);
    expect(result).toMatchObject({ images: 2, task: "photo", backend: "reference" });
    expect(result).not.toHaveProperty("sigma");
    expect(result.psnrInput).toBeGreaterThan(25);
    expect(result.psnrInput).toBeLessThan(70); // what JPEG lost
    expect(result.psnr).toBeGreaterThan(0);
    expect(result.better).toBeLessThanOrEqual(2);
    const same = await evaluate(
      "--data",
      "pairs/*_clean.png",
      "--input",
      "pairs/*_clean.png",
      "--limit",
      "1",
    );
    expect(jsonLines(same.stdout)[0]).toMatchObject({ images: 1, ssimInput: 1, better: 0 });
  });

  it("names what is wrong", async () => {
    expect((await evaluate("--data", "images")).stderr).toContain("add the bad pictures with --input");
    const uneven = await evaluate("--data", "images", "--input", "pairs/p0_bad.jpg");
    expect(uneven.stderr).toContain("gives 1 images and --data images 3");
    expect((await evaluate("--data", "nothing*", "--input", "images")).stderr).toContain("matches no files");
    const sigma = await evaluate("--data", "images", "--input", "images", "--sigma", "25");
    expect(sigma.stderr).toContain("leave --sigma out");
    await makeImages(inside("larger"), 3, 40);
    const sizes = await evaluate("--data", "images", "--input", "larger");
    expect(sizes.stderr).toContain("pairs must show the same picture");
  });
});
