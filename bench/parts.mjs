// The parts that are TypeScript, timed with tinybench: batches, pictures, metrics, files, recording and optimising a program.
// Kernels and networks are `fovea bench`'s. usage, after a build: node bench/parts.mjs [part of a name]

import { Bench } from "tinybench";
import { setBackend } from "../dist/backend/current.js";
import { ReferenceBackend } from "../dist/backend/reference/reference-backend.js";
import { RandomStream } from "../dist/base/random-stream.js";
import { PatchDataset, storeImage } from "../dist/data/patches.js";
import { readSafetensors, writeSafetensors } from "../dist/formats/safetensors.js";
import { psnr, ssim } from "../dist/image/metrics.js";
import { decodePng } from "../dist/image/png-decode-node.js";
import { encodePng } from "../dist/image/png-encode-node.js";
import { UNet } from "../dist/models/index.js";
import { meanAbsoluteError } from "../dist/nn/index.js";
import { optimize } from "../dist/program/optimize.js";
import { record } from "../dist/tensor/record.js";
import { grad } from "../dist/tensor/tape.js";
import { tensor } from "../dist/tensor/tensor.js";

const wanted = process.argv[2] ?? "";
const stream = new RandomStream(1, 0);
const random = (n) => Float32Array.from({ length: n }, () => stream.uniform());
const photo = (channels) => ({
  width: 512,
  height: 512,
  channels,
  bitDepth: 8,
  pixels: Uint8Array.from({ length: 512 * 512 * channels }, () => stream.integer(256)),
});

const suite = new Bench({ time: 500, warmupTime: 100 });
const part = (name, body) => name.includes(wanted) && suite.add(name, body);

for (const channels of [1, 3]) {
  const images = Array.from({ length: 4 }, (_, i) => storeImage(photo(channels), channels, `photo ${i}`));
  const patches = new PatchDataset(images, channels, { sigma: [0, 55] });
  let step = 0;
  part(`batch of 16 patches of 64 px, ${channels} channel(s), with noise`, () => patches.batch(step++));
  const [a, b] = [photo(channels), photo(channels)];
  part(`PSNR, 512 px, ${channels} channel(s)`, () => psnr(a, b));
  part(`SSIM, 512 px, ${channels} channel(s)`, () => ssim(a, b));
  const png = await encodePng(a);
  part(`PNG encode, 512 px, ${channels} channel(s)`, () => encodePng(a));
  part(`PNG decode, 512 px, ${channels} channel(s)`, () => decodePng(png, "photo.png"));
}

const weights = new Map([["weights", { shape: [1_000_000], data: random(1_000_000) }]]);
const file = writeSafetensors(weights, {});
part("safetensors write, 4 MB", () => writeSafetensors(weights, {}));
part("safetensors read, 4 MB", () => readSafetensors(file, "weights"));

setBackend(new ReferenceBackend({ precision: "float32" }));
const net = new UNet().build([[16, 64, 64, 1], [16]]);
const x = tensor(random(16 * 64 * 64), [16, 64, 64, 1]);
const sigma = tensor(random(16), [16]);
const step = () => {
  const loss = meanAbsoluteError(net.call([x, sigma], { training: true }), x);
  const gradients = grad(loss, [...net.parameters().values()]);
  return { loss, ...Object.fromEntries(gradients.map((g, i) => [`gradient ${i}`, g])) };
};
let recorded;
const program = record(step, { watch: (_pass, p) => (recorded ??= p) });
part("U-shaped network's step: record, optimise, plan", () => record(step).dispose());
part("U-shaped network's step: the passes alone", () => optimize(recorded));

await suite.run();
console.table(
  suite.tasks.map(({ name, result }) => ({
    part: name,
    "median ms": Number(result.latency.p50.toFixed(3)),
    samples: result.latency.samplesCount,
  })),
);
program.dispose();
