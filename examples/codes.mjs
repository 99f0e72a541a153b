// What a code is good for. Three things made of the codes of deep autoencoders, on pictures that they have not seen:
//   a scatter picture    a code of 2 numbers as a place, coloured by class (which training was not told)
//   neighbours           the pictures whose codes of 32 numbers are nearest: how often of the same class, against nearest pixels
//   compression          codes of 16, 32 and 64 numbers, a byte each: PSNR at so many bytes, against JPEG's
// JPEG is counted without its 600 bytes of headers and tables, as if both sides knew them, like the decoder's weights.
//   node examples/codes.mjs --digits FOLDER

import fs from "node:fs";
import sharp from "sharp";
import { Adam, cosineDecay, Dense, Input, Model } from "fovea";
import { begin, digit, meanPsnr, promise, writeDigits } from "./digits.mjs";
import { blue, dots, line, marks, orange, plot, svg, text } from "./drawing.mjs";

const { xTrain, xTest, labels, epochs, target, verbose, picture } = await begin({
  epochs: 8,
  samples: "20000",
  target: 1,
});
const count = Math.min(2000, xTest.length / 784);
const shown = xTest.subarray(0, 784 * count);
const batchSize = 256;

/** A deep autoencoder with a code of `size` numbers, trained; its two halves are models of their own. */
async function coder(size) {
  const relu = (units) => new Dense(units, { activation: "relu", kernelInitializer: "heUniform" });
  const picture = Input({ shape: [784] });
  const code = new Dense(size).apply(relu(256).apply(relu(512).apply(picture)));
  const layers = [relu(256), relu(512), new Dense(784, { activation: "sigmoid" })];
  const decode = (x) => layers.reduce((y, layer) => layer.apply(y), x);
  const autoencoder = new Model({ inputs: picture, outputs: decode(code) });
  const given = Input({ shape: [size] });
  const steps = epochs * Math.ceil(xTrain.length / 784 / batchSize);
  autoencoder.compile({ optimizer: new Adam(cosineDecay(2e-3, { steps })), loss: "mse" });
  await autoencoder.fit(xTrain, xTrain, { epochs, batchSize, verbose });
  return {
    encoder: new Model({ inputs: picture, outputs: code }),
    decoder: new Model({ inputs: given, outputs: decode(given) }),
  };
}

const run = async (model, rows) => (await model.predict(rows, { batchSize: 500 })).data();

// The scatter picture.
const hues = Array.from({ length: 10 }, (_, i) => `hsl(${36 * i} 70% 50%)`);
const flat = await coder(2);
const places = await run(flat.encoder, shown);
const range = (axis) => {
  const values = Float32Array.from({ length: count }, (_, i) => places[2 * i + axis]).sort();
  return [values[Math.floor(0.01 * count)], values[Math.floor(0.99 * (count - 1))]]; // the middle 98 %
};
const [xs, ys] = [range(0), range(1)];
const scatter = plot(600, 560, xs, ys, "first number of the code", "second number");
const isInside = (v, [low, high]) => v >= low && v <= high;
const points = Array.from({ length: count }, (_, i) => {
  const at = [places[2 * i], places[2 * i + 1]];
  if (!isInside(at[0], xs) || !isInside(at[1], ys)) return "";
  const [x, y] = scatter.at(at).map((v) => v.toFixed(1));
  return `<text x="${x}" y="${y}" font-size="9" text-anchor="middle" fill="${hues[labels[i]]}">${labels[i]}</text>`;
});
fs.writeFileSync(picture("codes.svg"), svg(600, 560, scatter.frame, points));
console.log(`Wrote ${picture("codes.svg")}`);

// Neighbours.
/** For each of the first 200 rows the numbers of the `k` other rows that are nearest. */
function neighbours(rows, size, k) {
  const distance = (i, j) => {
    let sum = 0;
    for (let n = 0; n < size; n++) sum += (rows[size * i + n] - rows[size * j + n]) ** 2;
    return sum;
  };
  return Array.from({ length: Math.min(200, count) }, (_, i) => {
    const others = Array.from({ length: count }, (_, j) => [distance(i, j), j]);
    return others.filter(([, j]) => j !== i).sort(([a], [b]) => a - b).slice(0, k).map(([, j]) => j); // prettier-ignore
  });
}
const sameClass = (found) => {
  const hits = found.flatMap((near, i) => near.map((j) => labels[j] === labels[i]));
  return hits.filter(Boolean).length / hits.length;
};
const coders = new Map();
for (const size of [16, 32, 64]) coders.set(size, await coder(size));
const codes = await run(coders.get(32).encoder, shown);
const found = neighbours(codes, 32, 9);
const byPixels = neighbours(shown, 784, 9);
console.log(`of the same class among the nine nearest: by code ${(100 * sameClass(found)).toFixed(1)} %, by pixels ${(100 * sameClass(byPixels)).toFixed(1)} %`); // prettier-ignore
await writeDigits(picture("neighbours.png"), found.slice(0, 10).map((near, i) => [i, ...near].map((j) => digit(shown, j)))); // prettier-ignore

// Compression. The codes' numbers as bytes, over the range that each had in training.
const eightBits = (rows) => rows.map((value) => Math.round(255 * Math.min(1, Math.max(0, value))) / 255);
async function asBytes({ encoder }, size, rows) {
  const seen = await run(encoder, xTrain.subarray(0, 784 * Math.min(5000, xTrain.length / 784)));
  const [low, high] = [new Float32Array(size).fill(Infinity), new Float32Array(size).fill(-Infinity)];
  seen.forEach((value, i) => {
    low[i % size] = Math.min(low[i % size], value);
    high[i % size] = Math.max(high[i % size], value);
  });
  return (await run(encoder, rows)).map((value, i) => {
    const [from, to] = [low[i % size], high[i % size]];
    const byte = Math.round((255 * (value - from)) / (to - from || 1));
    return from + (Math.min(255, Math.max(0, byte)) / 255) * (to - from);
  });
}
const byCode = [];
for (const [size, halves] of coders) {
  const decoded = await run(halves.decoder, await asBytes(halves, size, shown));
  byCode.push([size, meanPsnr(eightBits(decoded), shown)]);
}

/** Mean bytes of the pictures' own data, and PSNR, of libjpeg with tables of its own for each picture. */
async function jpeg(quality, pictures) {
  let bytes = 0;
  const decoded = new Float32Array(784 * pictures);
  for (let i = 0; i < pictures; i++) {
    const raw = { width: 28, height: 28, channels: 1 };
    const pixels = Uint8Array.from(digit(shown, i), (value) => Math.round(255 * value));
    const file = await sharp(pixels, { raw }).jpeg({ quality, optimizeCoding: true }).toBuffer();
    const scan = file.indexOf(Buffer.from([0xff, 0xda])); // start of scan: its own header, then the data, then 2 bytes of end
    bytes += file.length - 2 - (scan + 2 + file.readUInt16BE(scan + 2));
    const back = await sharp(file).greyscale().raw().toBuffer();
    for (let k = 0; k < 784; k++) decoded[784 * i + k] = back[k] / 255;
  }
  return [bytes / pictures, meanPsnr(decoded, shown.subarray(0, 784 * pictures))];
}
const byJpeg = [];
for (const quality of [1, 5, 10, 20, 30, 50]) byJpeg.push(await jpeg(quality, Math.min(100, count)));

/** JPEG's PSNR at so many bytes, on the line between two measured qualities; its lowest quality where it cannot be that small. */
function jpegAt(bytes) {
  const above = byJpeg.findIndex(([size]) => size >= bytes);
  if (above <= 0) return byJpeg[above === 0 ? 0 : byJpeg.length - 1][1];
  const [[b0, p0], [b1, p1]] = byJpeg.slice(above - 1, above + 1);
  return p0 + ((p1 - p0) * (bytes - b0)) / (b1 - b0);
}
for (const [bytes, psnr] of byCode)
  console.log(`${bytes} bytes a picture: code ${psnr.toFixed(2)} dB, JPEG ${jpegAt(bytes).toFixed(2)} dB${bytes < byJpeg[0][0] ? ` (with ${byJpeg[0][0].toFixed(0)} bytes, its fewest)` : ""}`); // prettier-ignore

const [most, highest] = [160, Math.ceil(Math.max(...[...byCode, ...byJpeg].map(([, p]) => p)) / 5) * 5 + 5];
const chart = plot(600, 320, [0, most], [10, highest], "bytes a picture", "PSNR, dB");
const curve = (list, colour, name, below) => {
  const inside = list.filter(([bytes]) => bytes <= most).map(chart.at);
  const [x, y] = inside[inside.length - 1];
  return [line(inside, colour), dots(inside, colour), text(x, y + (below ? 20 : -12), name, "end", colour)];
};
const heights = Array.from({ length: (highest - 10) / 5 + 1 }, (_, i) => 10 + 5 * i);
const numbers = marks(chart.at, [0, 10], [0, 40, 80, 120, 160], heights);
fs.writeFileSync(
  picture("compression.svg"),
  svg(
    600,
    320,
    chart.frame,
    numbers,
    curve(byCode, blue, "code", true),
    curve(byJpeg, orange, "JPEG without its headers"),
  ),
);
console.log(`Wrote ${picture("compression.svg")}`);
const at32 = byCode.find(([bytes]) => bytes === 32)[1];
promise("gain over JPEG at 32 bytes a picture, dB", at32 - jpegAt(32), "at least", target);
