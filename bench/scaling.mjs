// How cost grows: a training step from one thread to two, and enhancement from 256 to 4096 pixels a side. Runs alternate, so
// that a busy machine touches all of them alike, and medians are compared. usage, after a build: node bench/scaling.mjs [rounds]

import { workloads } from "../dist/cli/bench/workloads.js";
import { open } from "../dist/backend/select.js";
import { setBackend } from "../dist/backend/current.js";
import { Denoiser } from "../dist/enhance/denoiser.js";
import { createModel } from "../dist/models/index.js";

const rounds = Number(process.argv[2] ?? 7);
const backend = await open("native");
setBackend(backend);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const timed = async (body) => {
  const before = performance.now();
  await body();
  return performance.now() - before;
};

for (const name of ["train-step-conv-ae-16x64px", "train-step-unet-16x64px"]) {
  const work = workloads.find((w) => w.name === name).prepare(backend);
  const times = { 1: [], 2: [] };
  for (let round = 0; round <= rounds; round++)
    for (const threads of [1, 2]) {
      backend.setThreads(threads); // new threads have cold scratch memory: a few runs warm it
      for (let run = 0; run < 10; run++) {
        const ms = await timed(() => work.run());
        if (run >= 5) times[threads].push(ms);
      }
    }
  const [one, two] = [median(times[1]), median(times[2])];
  console.log(JSON.stringify({ work: name, msOneThread: one, msTwoThreads: two, scaling: one / two }));
  work.dispose();
}

const model = createModel({ architecture: "unet" });
const denoiser = new Denoiser(model);
const sides = [256, 512, 1024, 2048, 4096];
const perPixel = new Map(sides.map((side) => [side, []]));
for (let round = 0; round <= Math.min(rounds, 3); round++)
  for (const side of sides) {
    const plane = {
      width: side,
      height: side,
      channels: 1,
      data: new Float32Array(side * side).map((_, i) => (i % 251) / 251),
    };
    const into = new Float32Array(side * side);
    const repeats = Math.max(1, Math.round((1024 / side) ** 2));
    await denoiser.denoise(plane, 25, { into }); // the program for this size
    const ms = await timed(async () => {
      for (let i = 0; i < repeats; i++) await denoiser.denoise(plane, 25, { into });
    });
    perPixel.get(side).push((ms / repeats / side ** 2) * 1e6);
  }
for (const [side, values] of perPixel)
  console.log(JSON.stringify({ work: "enhance-unet", side, nanosecondsPerPixel: median(values) }));
denoiser.dispose();
await backend.close();
