// fovea train --watch, --tensorboard and --keep: a report, event files, weights along the way; and the bits of training untouched.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, withoutBrowser } from "../browser/browser.js";
import { fovea, jsonLines, makeImages, onReference, temporaryFolder, tinyNetwork } from "./fovea.js";

const folder = temporaryFolder();
const inside = (name: string) => path.join(folder, name);
const limits = ["--data", "images", "--val", "images", "--steps", "8", "--val-every", "4"];
const train = (out: string, ...more: string[]) =>
  fovea(["train", ...limits, ...tinyNetwork, "--out", out, "--json", ...more, ...onReference], folder);

beforeAll(async () => {
  await makeImages(inside("images"), 2);
  await train("plain");
  const { code, stdout, stderr } = await train("watched", "--watch", "gradients", "--tensorboard", "board", "--keep", "4"); // prettier-ignore
  expect(code, stderr).toBe(0);
  const events = jsonLines(stdout).filter(({ event }) => event === "gradients");
  expect(events.length).toBeGreaterThan(1);
});

it("leaves the weights as they are without", () => {
  const read = (run: string) => fs.readFileSync(inside(`${run}/best.safetensors`));
  const tensorsOf = (bytes: Buffer) => bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
  expect(tensorsOf(read("watched")).equals(tensorsOf(read("plain")))).toBe(true);
});

it("keeps weights that inspect shows, and one event file", async () => {
  expect(fs.readdirSync(inside("watched/steps"))).toEqual([
    "step-0000004.safetensors",
    "step-0000008.safetensors",
  ]);
  const [events, ...others] = fs.readdirSync(inside("board"));
  expect(events).toMatch(/^events\.out\.tfevents\./);
  expect(others).toEqual([]);
  const flags = ["--model", "watched", "--size", "8", "--batch", "1", "--html", "states.html"];
  const { code, stderr } = await fovea(["inspect", ...flags, ...onReference], folder);
  expect(code, stderr).toBe(0);
  expect(fs.readFileSync(inside("states.html"), "utf8")).toMatch(
    /"label":"step 4".*"label":"step 8".*"label":"best"/s,
  );
});

describe.skipIf(withoutBrowser)("the report, in Chromium", () => {
  it("draws its curves, pictures and histograms", async () => {
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(pathToFileURL(inside("watched/report.html")).href);
    expect(await page.locator("#charts h2").allTextContents()).toEqual(
      ["Loss", "Validation", "Learning rate", "Norms of the gradients"], // prettier-ignore
    );
    expect(await page.locator("#charts canvas").count()).toBe(4);
    expect(await page.locator(".pictures img").count()).toBe(2);
    expect(await page.locator("svg.bars").count()).toBeGreaterThan(5);
    expect(errors).toEqual([]);
    await browser.close();
  });
});

if (withoutBrowser) it("the report", (context) => context.skip(withoutBrowser));
