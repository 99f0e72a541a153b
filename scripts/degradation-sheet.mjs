// Writes docs/degradations.jpg: one photograph through each program of src/data/degrade/. Run after `npm run build:ts`.
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { photographOf } from "../dist/cli/demo/photographs.js";
import { cameraNoise } from "../dist/data/degrade/camera.js";
import { gaussianNoise } from "../dist/data/degrade/gaussian.js";
import { jpeg, jpegCut } from "../dist/data/degrade/jpeg.js";
import { reduceNoise } from "../dist/data/degrade/noise-reduction.js";
import { reduce } from "../dist/data/degrade/reduce.js";
import { RandomStream } from "../dist/base/random-stream.js";
import { contactSheet } from "../dist/enhance/contact-sheet.js";
import { enlarged } from "../dist/image/canvas.js";
import { readImage } from "../dist/image/files.js";
import { crop } from "../dist/image/image.js";
import { toImage, toPlane } from "../dist/image/plane.js";

const side = 200;
const photograph = await readImage(photographOf("allium-oreophilum"));
const clean = toPlane(crop(photograph, 180, 150, side, side));

const camera = {
  shot: 8e-3,
  read: 2e-4,
  gains: [2, 1, 1.7],
  toSrgb: [1.6, -0.5, -0.1, -0.2, 1.5, -0.3, 0, -0.5, 1.5],
  contrast: 0.5,
  phase: { x0: 0, y0: 0 },
};
const plus = (noise) => ({ ...clean, data: clean.data.map((value, i) => value + noise[i]) });
const sensor = (demosaic) => cameraNoise(clean, { ...camera, demosaic }, new RandomStream(1, 1));
const smoothed = (luma, chroma, sharpening) => {
  const noise = sensor("edge-aware");
  reduceNoise(noise, clean, { luma, chroma, sparing: 0, sharpening });
  return plus(noise);
};
const fine = smoothed(
  { share: 1, sigma: 0.7, coarse: 0, radius: 2 },
  { share: 1, sigma: 1.5, coarse: 0, radius: 2 },
  0.8,
);
const strong = smoothed(
  { share: 1, sigma: 1.4, coarse: 1.5, radius: 4 },
  { share: 1, sigma: 2.5, coarse: 2.5, radius: 5 },
  0,
);
const pixels = (plane) => enlarged(toImage(plane), side, side);

const entries = [
  { title: "clean", detail: "", image: toImage(clean) },
  { title: "Gaussian", detail: "sigma 25", image: toImage(gaussianNoise(clean, 25, 1, 0)) },
  { title: "sensor", detail: "shot and read noise", image: toImage(plus(sensor("none"))) },
  { title: "mosaic", detail: "bilinear", image: toImage(plus(sensor("bilinear"))) },
  { title: "mosaic", detail: "edge-aware", image: toImage(plus(sensor("edge-aware"))) },
  { title: "noise reduction", detail: "light, sharpened", image: toImage(fine) },
  { title: "noise reduction", detail: "strong: only spots stay", image: toImage(strong) },
  { title: "JPEG", detail: "quality 20, 4:2:0", image: toImage(jpeg(clean, 20, "4:2:0")) },
  {
    title: "JPEG twice",
    detail: "blocks shifted by 4",
    image: toImage(jpegCut(jpeg(clean, 20, "4:2:0"), 20, "4:2:0", 4, 4)),
  },
  { title: "reduction", detail: "to a quarter", image: pixels(reduce(clean, 4)) },
];
const zooms = [{ x: 76, y: 60, side: 64 }];
const sheet = contactSheet(entries, zooms);
const file = fileURLToPath(new URL("../docs/degradations.jpg", import.meta.url));
const { width, height, channels } = sheet;
await sharp(sheet.pixels, { raw: { width, height, channels } }).jpeg({ quality: 72 }).toFile(file);
console.log(file);
