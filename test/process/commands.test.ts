// The commands' contract: help with examples, JSON lines on stdout and nothing else there, Ctrl-C, how output files are named.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gaussianNoise } from "../../src/data/degrade/gaussian.js";
import { readImage, writeImage } from "../../src/image/files.js";
import { createImage } from "../../src/image/image.js";
import { toImage } from "../../src/image/plane.js";
import {
  fovea,
  gentle,
  jsonLines,
  makeImages,
  onReference,
  start,
  temporaryFolder,
  tinyNetwork,
} from "./fovea.js";

let folder: string;
const inside = (name: string): string => path.join(folder, name);
beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(inside("images"), 3);
  const args = ["train", "--data", "images", "--steps", "2", "--out", "run", ...tinyNetwork, ...onReference];
  expect(await fovea(args, folder)).toMatchObject({ code: 0 });
  gentle(inside("run"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const commands = [
  "enhance",
  "models",
  "train",
  "eval",
  "demo",
  "bench",
  "inspect",
  "gradcheck",
  "conformance",
  "doctor",
  "build-addon",
];

describe("help", () => {
  it("lists every command, with or without a flag", async () => {
    for (const args of [["--help"], ["help"], []]) {
      const { code, stdout, stderr } = await fovea(args, folder);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
      expect(stdout).toContain("Examples:");
    }
  });

  for (const name of commands)
    it.concurrent(`of ${name} has an example`, async ({ expect }) => {
      const { code, stdout } = await fovea([name, "--help"], folder);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: fovea ${name} `);
      expect(stdout).toMatch(new RegExp(`Examples:\n  fovea ${name}`));
      expect(stdout).toContain("--json");
    });

  it("the version is the package's", async () => {
    const { version } = JSON.parse(
      fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    ) as { version: string };
    expect((await fovea(["--version"], folder)).stdout).toBe(`${version}\n`);
  });
});

describe("--json prints objects, one a line, and nothing else on stdout", () => {
  it("eval, a line for each noise level, with the same noise every time", async () => {
    const args = [
      "eval",
      "--model",
      "run",
      "--data",
      "images",
      "--sigma",
      "15,25",
      "--limit",
      "2",
      "--json",
      ...onReference,
    ];
    const [first, second] = [await fovea(args, folder), await fovea(args, folder)];
    const lines = jsonLines(first.stdout);
    expect(lines).toMatchObject([
      { images: 2, sigma: 15, model: "run/checkpoint.safetensors", backend: "reference" },
      { images: 2, sigma: 25 },
    ]);
    for (const { psnrNoisy, psnr, ssim, seconds, sigma } of lines) {
      // 10 log10(1 / (sigma / 255)^2), within what chance allows on so few pixels
      expect(Math.abs((psnrNoisy as number) - 20 * Math.log10(255 / (sigma as number)))).toBeLessThan(0.5);
      for (const figure of [psnr, ssim, seconds]) expect(typeof figure).toBe("number");
    }
    const figures = (text: string) =>
      jsonLines(text).map(({ psnr, ssim, psnrNoisy }) => [psnr, ssim, psnrNoisy]);
    expect(figures(second.stdout)).toEqual(figures(first.stdout));
  });

  it("conformance", async () => {
    const args = ["conformance", "fill", "--backend", "reference"];
    const all = await fovea([...args, "--json"], folder);
    const results = jsonLines(all.stdout);
    expect(results.length).toBeGreaterThan(2);
    for (const result of results)
      expect(result).toMatchObject({ backend: "reference", kernel: "fill", variant: "default", ok: true });
    const table = await fovea(args, folder);
    expect(table.stdout).toMatch(/^fill +default +ok +\d+ cases/m);
    expect(table.stdout).toContain("agree with the specification");
  });

  it("gradcheck, inspect and doctor", async () => {
    const slopes = await fovea(["gradcheck", "relu", "--json"], folder);
    expect(jsonLines(slopes.stdout)).toMatchObject([{ operation: "relu", ok: true }]);
    const layers = jsonLines(
      (await fovea(["inspect", "--arch", "unet", "--json", ...onReference], folder)).stdout,
    );
    expect(layers.at(-1)).toMatchObject({ total: true, parameters: 1_042_976 });
    const args = [
      "inspect",
      "--model",
      "run",
      "--program",
      "--inference",
      "--batch",
      "1",
      "--json",
      ...onReference,
    ];
    const passes = jsonLines((await fovea(args, folder)).stdout);
    expect(passes[0]).toMatchObject({ pass: "as recorded", arenaBytes: 0 });
    expect(passes.at(-1)!.arenaBytes).toBeGreaterThan(0);
    expect(passes.at(-1)!.calls).toBeLessThan(passes[0].calls as number);
    const training = await fovea(
      ["inspect", "--model", "run", "--program", "--size", "8", ...onReference],
      folder,
    );
    expect(training.stdout).toMatch(/^--- as recorded\nprogram: \d+ calls\n/m);
    const findings = jsonLines((await fovea(["doctor", "--json"], folder)).stdout);
    expect(findings.find((f) => f.part === "reference")).toMatchObject({ works: true });
    expect(findings.map(({ part }) => part).filter(Boolean)).toEqual([
      ...["webgpu", "native", "wasm", "reference", "sharp", "mpi"],
    ]);
    for (const finding of findings)
      if (finding.works === false) expect(finding.remedy).toEqual(expect.any(String));
    expect(["native", "webgpu", "wasm", "reference"]).toContain(findings.at(-1)!.auto);
  });
});

describe("bundled networks", () => {
  it("are listed, have cards, and are taken by name", async () => {
    fs.mkdirSync(inside("weights"), { recursive: true });
    fs.copyFileSync(inside("run/checkpoint.safetensors"), inside("weights/tiny.safetensors"));
    fs.writeFileSync(inside("weights/tiny.md"), "# tiny: for this test\n");
    const here = (...args: string[]) => fovea(args, folder, { FOVEA_WEIGHTS: inside("weights") });
    const facts = { name: "tiny", task: "denoise", architecture: "unet", channels: 1 };
    expect(jsonLines((await here("models", "--json")).stdout)).toMatchObject([facts]);
    expect((await here("models", "tiny")).stdout).toBe("# tiny: for this test\n");
    expect(await here("models", "huge")).toMatchObject({
      code: 1,
      stderr: "fovea: There is no bundled network huge; there are tiny.\n",
    });
    const args = ["--model", "tiny", "--data", "images", "--limit", "1", "--json", ...onReference];
    const [line] = jsonLines((await here("eval", ...args)).stdout);
    expect(line.model).toBe(inside("weights/tiny.safetensors"));
  });
});

describe("fovea enhance", () => {
  it("names its results, finds files by patterns and folders, and does not take its own results for inputs", async () => {
    await makeImages(inside("photos"), 2);
    const enhance = (...args: string[]) =>
      fovea(["enhance", ...args, "--model", "run", "--json", ...onReference], folder);
    expect(await enhance("photos/0.png")).toMatchObject({ code: 0 });
    expect(fs.readdirSync(inside("photos")).sort()).toEqual(["0.enhanced.png", "0.png", "1.png"]);
    for (const input of ["photos", "photos/*.png"]) {
      const { stdout } = await enhance(input, "--force");
      expect(jsonLines(stdout).map((line) => line.input)).toEqual(["photos/0.png", "photos/1.png"]);
    }
    const { stdout } = await enhance("photos/0.png", "-o", "better.png", "--sigma", "12");
    expect(jsonLines(stdout)).toMatchObject([
      { output: "better.png", width: 24, height: 27, channels: 1, bitDepth: 8, sigma: [12] },
    ]);
    expect(await readImage(inside("better.png"))).toMatchObject({ width: 24, height: 27 });
  });

  it("estimates the noise and says so", async () => {
    const grey = createImage(96, 96, 1, new Uint8Array(96 * 96).fill(128));
    await writeImage(inside("noisy.png"), toImage(gaussianNoise(grey, 20, 1, 0)));
    const { stdout, stderr } = await fovea(
      ["enhance", "noisy.png", "--model", "run", "--json", ...onReference],
      folder,
    );
    const [{ sigma }] = jsonLines(stdout) as [{ sigma: number[] }];
    expect(Math.abs(sigma[0] - 20)).toBeLessThan(1.5);
    expect(stderr).toContain(`noise estimated as sigma ${sigma[0].toFixed(1)}`);
  });

  it("is interrupted by Ctrl-C with exit code 130 and leaves nothing behind", async () => {
    await writeImage(inside("large.png"), createImage(1200, 1200, 3));
    const args = ["enhance", "large.png", "--tile", "64", "--model", "run", "--sigma", "9", ...onReference];
    const running = start(args, folder);
    await running.printed("tile ");
    running.child.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(/fovea: interrupted; nothing half-written was left behind\.\n$/);
    expect(fs.readdirSync(folder).filter((name) => name.includes("large"))).toEqual(["large.png"]);
  });

  it("stops quietly when whoever reads its output does", async () => {
    const running = start(["gradcheck", "--json"], folder);
    running.child.stdout.once("data", () => running.child.stdout.destroy());
    expect(await running.ended).toMatchObject({ stderr: "" });
  });
});
