// The classical methods beside the networks, as one table: PSNR, SSIM, and milliseconds of processor time a megapixel, all
// threads together, which do not depend on what else the machine does. After a build:
//
//   node bench/methods.mjs --data ../shared/data/test --model photo,denoise-color,denoise-grey
//   node bench/methods.mjs --tune ../shared/data/train/free     finds the settings of the smoothing ones, and writes methods.json
//
// --data names a folder that holds any of Set12 (grey), McMaster (colour) and PolyU (pairs of real camera noise, *_real and
// *_mean). Noise of sigma 15, 25 and 50 is that of `fovea eval`, but the classical methods get it rounded and clipped to 8 bits,
// as they work on levels. Their settings are the best ones on other pictures (--tune: parts of training pictures with the same
// noise, a camera's for PolyU); methods that do not smooth have their defaults. --limit N takes the first pictures only,
// --only 'McMaster 25' tunes for that column only.

import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { useBackend } from "../dist/backend/select.js";
import { gaussianNoise } from "../dist/data/degrade/gaussian.js";
import { applyMethod, describeMethod, parseMethod } from "../dist/enhance/classical/apply.js";
import { methods } from "../dist/enhance/classical/methods.js";
import { Denoiser } from "../dist/enhance/denoiser.js";
import { enhanceImage } from "../dist/enhance/enhance.js";
import { loadModel } from "../dist/models/files.js";
import { convertChannels } from "../dist/image/colour.js";
import { listImages, readImage } from "../dist/image/files.js";
import { crop } from "../dist/image/image.js";
import { psnr, ssim } from "../dist/image/metrics.js";
import { toImage } from "../dist/image/plane.js";

const sigmas = [15, 25, 50];
const seed = 0;
const settingsFile = new URL("./methods.json", import.meta.url);

/** What the smoothing methods may be set to; the best is looked for along one parameter after the other. */
const searched = {
  gaussian: { sigma: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4, 1.7, 2] },
  median: { size: [3, 5, 7] },
  bilateral: {
    color: [5, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113, 150, 200, 270, 360],
    space: [0.7, 1, 1.4, 2, 2.8, 4],
  },
  nlmeans: {
    h: [2, 3, 4, 5, 7, 9, 12, 15, 18, 22, 27, 33, 40, 50, 60],
    template: [1, 3, 5, 7],
    search: [11, 21],
  },
};

const { values: flags } = parseArgs({
  options: {
    data: { type: "string" },
    model: { type: "string" },
    tune: { type: "string" },
    only: { type: "string" },
    limit: { type: "string" },
  },
});
const limit = Number(flags.limit ?? Infinity);

/** Noise as `fovea eval` adds it, as a file would hold it. */
const noisyImage = (clean, sigma, index) => toImage(gaussianNoise(clean, sigma, seed, index));

// --- settings: the best on parts of other pictures ------------------------------------------------------------------

const parts = 6;
const partSide = 160;

/** Parts of pictures all over the folder: from their middles, where there is something to see. */
async function trainingParts(folder, channels) {
  const files = listImages(folder);
  const chosen = Array.from(
    { length: parts },
    (_, i) => files[Math.floor(((i + 0.5) * files.length) / parts)],
  );
  const images = await Promise.all(chosen.map((file) => readImage(file)));
  return images.map((image) => {
    const middle = (length) => Math.floor((length - partSide) / 2);
    return convertChannels(
      crop(image, middle(image.width), middle(image.height), partSide, partSide),
      channels,
    );
  });
}

/** Pairs as a camera makes them, between 33 and 39 dB as most of PolyU's. */
async function cameraPairs(cleanParts) {
  const { degradationStream } = await import("../dist/data/degrade/draws.js");
  const { degradePhoto } = await import("../dist/data/degrade/photo.js");
  const { toPlane } = await import("../dist/image/plane.js");
  const pairs = [];
  for (let index = 0; pairs.length < 2 * parts; index++) {
    const clean = cleanParts[index % parts];
    const noisy = toImage(degradePhoto(toPlane(clean), degradationStream(seed, index)));
    const before = psnr(clean, noisy);
    if (before > 33 && before < 39) pairs.push({ clean, noisy });
  }
  return pairs;
}

async function meanPsnr(pairs, name, values) {
  const chosen = { ...parseMethod(name), values };
  let sum = 0;
  for (const { clean, noisy } of pairs) sum += psnr(clean, await applyMethod(noisy, chosen)) / pairs.length;
  return sum;
}

/** Along each parameter up and down as long as it gets better, until none makes it better. */
async function bestSettings(pairs, name) {
  const candidates = searched[name];
  const at = Object.fromEntries(Object.entries(candidates).map(([key, list]) => [key, list.length >> 1]));
  const valuesAt = (places) =>
    Object.fromEntries(Object.entries(places).map(([key, i]) => [key, candidates[key][i]]));
  const known = new Map();
  const score = async (places) => {
    const key = JSON.stringify(places);
    if (!known.has(key)) known.set(key, await meanPsnr(pairs, name, valuesAt(places)));
    return known.get(key);
  };
  let best = await score(at);
  for (let better = true; better;) {
    better = false;
    for (const key of Object.keys(candidates))
      for (const step of [1, -1])
        for (;;) {
          const next = { ...at, [key]: at[key] + step };
          if (candidates[key][next[key]] === undefined) break;
          const found = await score(next);
          if (found <= best) break;
          [best, better] = [found, true];
          at[key] = next[key];
        }
  }
  return { method: describeMethod({ name, values: valuesAt(at) }), psnr: Number(best.toFixed(2)) };
}

async function tune(folder) {
  const settings = fs.existsSync(settingsFile) ? JSON.parse(fs.readFileSync(settingsFile, "utf8")) : {};
  const [grey, colour] = [await trainingParts(folder, 1), await trainingParts(folder, 3)];
  const withNoise = (clean, sigma) =>
    clean.map((image, i) => ({ clean: image, noisy: noisyImage(image, sigma, i) }));
  const cases = {
    ...Object.fromEntries(sigmas.map((sigma) => [`Set12 ${sigma}`, () => withNoise(grey, sigma)])),
    ...Object.fromEntries(sigmas.map((sigma) => [`McMaster ${sigma}`, () => withNoise(colour, sigma)])),
    PolyU: () => cameraPairs(colour),
  };
  for (const [name, make] of Object.entries(cases)) {
    if (flags.only !== undefined && name !== flags.only) continue;
    const pairs = await make();
    settings[name] = {};
    for (const method of Object.keys(searched)) {
      settings[name][method] = await bestSettings(pairs, method);
      console.error(name, settings[name][method]);
    }
    fs.writeFileSync(settingsFile, JSON.stringify(settings, null, 2) + "\n");
  }
}

// --- the table ------------------------------------------------------------------------------------------------------

/** The pictures of a set: bad ones, with the noise level where it is known, and good ones. */
async function* pictures(folder, set, sigma) {
  const files = listImages(path.join(folder, set));
  if (set !== "PolyU") {
    for (const [index, file] of files.slice(0, limit).entries()) {
      const clean = convertChannels(await readImage(file), set === "Set12" ? 1 : 3);
      yield {
        clean,
        noisy: noisyImage(clean, sigma, index),
        plane: gaussianNoise(clean, sigma, seed, index),
      };
    }
    return;
  }
  for (const file of files.filter((name) => /_real\.jpg$/i.test(name)).slice(0, limit))
    yield { clean: await readImage(file.replace("_real", "_mean")), noisy: await readImage(file) };
}

/** Mean PSNR and SSIM of what `restore` makes of a set, and its milliseconds of processor time a megapixel. */
async function measure(folder, set, sigma, restore) {
  let [count, decibel, similarity, ms, pixels] = [0, 0, 0, 0, 0];
  for await (const { clean, noisy, plane } of pictures(folder, set, sigma)) {
    const before = process.cpuUsage();
    const restored = await restore(noisy, plane);
    const { user, system } = process.cpuUsage(before);
    ms += (user + system) / 1000;
    pixels += clean.width * clean.height;
    const alike = convertChannels(restored, clean.channels);
    count++;
    decibel += psnr(clean, alike);
    similarity += ssim(clean, alike);
  }
  return { psnr: decibel / count, ssim: similarity / count, msPerMegapixel: (ms / pixels) * 1e6 };
}

async function table(folder, models) {
  const settings = JSON.parse(fs.readFileSync(settingsFile, "utf8"));
  const columns = ["Set12", "McMaster"].flatMap((set) => sigmas.map((sigma) => ({ set, sigma })));
  const there = [...columns, { set: "PolyU" }].filter(({ set }) => fs.existsSync(path.join(folder, set)));
  const titles = there.map(({ set, sigma }) => (sigma ? `${set} ${sigma}` : set));
  const rows = [["as it is", () => (noisy) => noisy]];
  for (const name of Object.keys(methods))
    rows.push([
      name,
      (title) => {
        const chosen = parseMethod(settings[title]?.[name]?.method ?? name);
        return (noisy) => applyMethod(noisy, chosen);
      },
    ]);
  const backend = models.length > 0 ? await useBackend("auto") : undefined;
  for (const name of models) {
    const { model } = loadModel(name);
    const denoiser = new Denoiser(model);
    // A network's own kind of picture: a colour network that is shown one channel three times sees no noise there.
    const fits = (set) => (model.channels === 1) === (set === "Set12");
    rows.push([
      fs.existsSync(name) ? path.basename(name, ".safetensors") : name,
      (title, { set, sigma }) =>
        fits(set) &&
        (async (noisy, plane) =>
          plane
            ? toImage({ ...plane, data: await denoiser.denoise(plane, sigma) })
            : (await enhanceImage(noisy, denoiser)).image),
    ]);
  }
  const line = (cells) => console.log(`| ${cells.join(" | ")} |`);
  line(["", ...titles, "CPU ms/MP grey", "CPU ms/MP colour"]);
  line(["---", ...titles.map(() => "---"), "---", "---"]);
  for (const [name, restorer] of rows) {
    const found = [];
    for (const [i, column] of there.entries()) {
      const restore = restorer(titles[i], column);
      found.push(restore ? await measure(folder, column.set, column.sigma, restore) : undefined);
    }
    const speed = (isGrey) => {
      const of = found
        .filter((f, i) => f && (there[i].set === "Set12") === isGrey)
        .map((f) => f.msPerMegapixel);
      return of.length === 0 ? "" : Math.round(of.reduce((a, b) => a + b, 0) / of.length);
    };
    line([
      name,
      ...found.map((f) => (f ? `${f.psnr.toFixed(2)} / ${f.ssim.toFixed(3)}` : "")),
      speed(true),
      speed(false),
    ]);
  }
  await backend?.close();
}

if (flags.tune) await tune(flags.tune);
else if (flags.data) await table(flags.data, flags.model?.split(",") ?? []);
else throw new Error("give --data FOLDER or --tune FOLDER");
