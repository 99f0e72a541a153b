// A denoising autoencoder: convolutions that learn to give back clean digits from noisy ones, against median filters.
//   node examples/denoising.mjs --digits FOLDER

import { Adam, Conv2D, cosineDecay, GaussianNoise, Input, Model, randomNormal, UpSampling2D } from "fovea";
import { begin, firstOf, meanPsnr, printLoss, promise, writeDigits } from "./digits.mjs";

const SIGMA = 100; // grey levels of 255
const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 4, target: 3 });
const batchSize = 128;

const relu = (filters, strides = 1) =>
  new Conv2D(filters, 3, { strides, padding: "same", activation: "relu", kernelInitializer: "heUniform" });
const inputImg = Input({ shape: [28, 28, 1] });
let x = new GaussianNoise(SIGMA / 255).apply(inputImg); // while training only: new noise at every step
x = relu(32, 2).apply(x); // 14 x 14
x = relu(64, 2).apply(x); // 7 x 7
x = new UpSampling2D().apply(relu(64).apply(x));
x = new UpSampling2D().apply(relu(32).apply(x));
const cleaned = new Conv2D(1, 3, { padding: "same", activation: "sigmoid" }).apply(x);
const autoencoder = new Model({ inputs: inputImg, outputs: cleaned });

const steps = epochs * Math.ceil(xTrain.length / 784 / batchSize);
autoencoder.compile({ optimizer: new Adam(cosineDecay(1e-3, { steps })), loss: "binaryCrossentropy" });
await autoencoder.fit(xTrain, xTrain, { epochs, batchSize, verbose });

const noise = await randomNormal([xTest.length], { seed: 100 }).data();
const noisy = xTest.map((value, i) => value + (SIGMA / 255) * noise[i]);
const denoised = await (await autoencoder.predict(noisy, { batchSize: 500 })).data();

/** Each pixel replaced by the median of the size x size pixels round it; the border is repeated. */
function median(rows, size) {
  const inside = (n) => Math.min(27, Math.max(0, n));
  const radius = (size - 1) / 2;
  return rows.map((_, at) => {
    const [start, y, x] = [at - (at % 784), Math.floor((at % 784) / 28), at % 28];
    const window = [];
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++)
        window.push(rows[start + 28 * inside(y + dy) + inside(x + dx)]);
    return Math.min(1, Math.max(0, window.sort((a, b) => a - b)[(size * size - 1) / 2]));
  });
}

const medians = [3, 5, 7].map((size) => ({ size, rows: median(noisy, size) }));
for (const filter of medians) filter.psnr = meanPsnr(filter.rows, xTest);
const best = medians.reduce((a, b) => (b.psnr > a.psnr ? b : a));
const figure = meanPsnr(denoised, xTest);
printLoss("denoising", await autoencoder.evaluate(noisy, xTest, { batchSize: 500 }), 0); // the code is charged nothing
console.log(`noisy ${meanPsnr(noisy, xTest).toFixed(2)} dB, median ${best.size}x${best.size} ${best.psnr.toFixed(2)} dB, autoencoder ${figure.toFixed(2)} dB`); // prettier-ignore
await writeDigits(picture("denoising.png"), [xTest, noisy, best.rows, denoised].map((rows) => firstOf(rows, 10))); // prettier-ignore
promise("gain over the best median filter, dB", figure - best.psnr, "at least", target);
