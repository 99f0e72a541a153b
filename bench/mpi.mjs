// What training over ranks costs on this machine, and what it would cost on many: one command that measures, reckons, and writes
// bench/results/mpi.md and mpi.svg. The model is bench/mpi-model.mjs. Runs alternate, so that a busy machine touches all alike, and
// medians are told. usage, after `npm run build && npm run build:mpi`: node bench/mpi.mjs [--rounds 5] [--steps 40]
// MPIRUN names another launcher than mpirun.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { drawModel, networks, ranksDrawn, efficiency, leastBatch } from "./mpi-model.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "40" },
    worker: { type: "string" },
  },
});
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const here = fileURLToPath(import.meta.url);

if (options.worker) await work(JSON.parse(options.worker));
else measure();

/** One rank of a measurement; rank 0 prints the figures. */
async function work({ batch, threads, steps, bucketBytes, sums }) {
  const { launchedBy } = await import("../dist/ranks/launcher-node.js");
  const { openMpi } = await import("../dist/ranks/mpi-node.js");
  const { alone } = await import("../dist/ranks/ranks.js");
  const launched = launchedBy(process.env);
  const mpi = launched && (await openMpi(launched, { onLost: console.error }));
  const ranks = mpi ?? alone;
  const figures = sums
    ? await timeSums(ranks, sums)
    : await timeSteps(ranks, mpi, { batch, threads, steps, bucketBytes });
  if (ranks.rank === 0) console.log(JSON.stringify(figures));
  await mpi?.finish();
}

/** Median milliseconds of a sum of so many numbers. */
async function timeSums(ranks, lengths) {
  const result = {};
  for (const length of lengths) {
    const values = new Float32Array(length).fill(1e-9);
    const times = [];
    for (let i = 0; i < 60; i++) {
      const before = performance.now();
      await ranks.allReduce(values);
      times.push(performance.now() - before);
    }
    result[length] = median(times.slice(10));
  }
  return result;
}

/** A training step of the default network, from patches to weights. */
async function timeSteps(ranks, mpi, { batch, threads, steps, bucketBytes }) {
  const { open } = await import("../dist/backend/select.js");
  const { setBackend } = await import("../dist/backend/current.js");
  const { PatchDataset } = await import("../dist/data/patches.js");
  const { patchBatches } = await import("../dist/data/patch-batches.js");
  const { createModel } = await import("../dist/models/index.js");
  const { meanAbsoluteError } = await import("../dist/nn/index.js");
  const { Adam } = await import("../dist/optim/index.js");
  const { fit } = await import("../dist/train/fit.js");
  const backend = await open("native", { threads });
  setBackend(backend);
  const images = Array.from({ length: 16 }, (_, k) => ({
    ...{ name: `image ${k}`, width: 180, height: 180 },
    levels: Uint8Array.from(
      { length: 180 * 180 },
      (_, i) => 128 + 90 * Math.sin((i % 180) / (k + 4)) * Math.cos(i / 4000),
    ),
  }));
  const model = createModel({ architecture: "unet" }, 0);
  const patches = new PatchDataset(images, 1, { batchSize: batch, sigma: [0, 55] });
  const warm = 8;
  const ends = [];
  let before;
  const { waitedMs } = await fit(model, patchBatches(patches, model), {
    ...{
      optimizer: new Adam(1e-3),
      loss: meanAbsoluteError,
      steps: steps + warm,
      ranks,
      bucketBytes: bucketBytes ?? undefined,
    },
    snapshotEvery: 1e9,
    onStep: async ({ step }) => {
      ends.push(performance.now());
      if (step === warm) before = await mpi?.traffic();
    },
  });
  const after = await mpi?.traffic();
  const times = ends.slice(1).map((end, i) => end - ends[i]);
  const figures = { msPerStep: median(times.slice(warm)), parameters: 0 };
  for (const p of model.parameters().values()) figures.parameters += p.size;
  if (before)
    Object.assign(figures, {
      sumMs: ((after.seconds - before.seconds) * 1000) / steps,
      sumsPerStep: (after.calls - before.calls) / steps,
      bytes: (after.bytesSent - before.bytesSent) / steps,
      waitMs: waitedMs / (steps + warm),
    });
  model.dispose();
  await backend.close();
  return figures;
}

function run(ranks, task) {
  const launcher = process.env.MPIRUN ?? "mpirun";
  const isOpenMpi = /open/i.test(spawnSync(launcher, ["--version"], { encoding: "utf8" }).stdout ?? "");
  const begin =
    ranks === 0
      ? []
      : [launcher, ...(isOpenMpi ? ["--oversubscribe", "--bind-to", "none"] : []), "-n", String(ranks)];
  const [command, ...args] = [...begin, process.execPath, here, "--worker", JSON.stringify(task)];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

function measure() {
  const steps = Number(options.steps);
  // 0 ranks: a process without a launcher. null: JSON's way to say Infinity, one bucket.
  const cases = {
    "1 process, 1 thread, batch 8": [0, { batch: 8, threads: 1, steps }],
    "1 process, 1 thread, batch 16": [0, { batch: 16, threads: 1, steps }],
    "1 process, 2 threads, batch 16": [0, { batch: 16, threads: 2, steps }],
    "2 ranks of 1 thread, batch 16": [2, { batch: 16, threads: 1, steps }],
    "the same, one message a step": [2, { batch: 16, threads: 1, steps, bucketBytes: 1e12 }],
    "2 ranks of 1 thread, batch 32": [2, { batch: 32, threads: 1, steps }],
  };
  const rounds = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [name, [ranks, task]] of Object.entries(cases)) {
      console.error(`round ${round + 1}: ${name}`);
      rounds[name].push(run(ranks, task));
    }
  const of = Object.fromEntries(
    Object.entries(rounds).map(([name, list]) => [
      name,
      Object.fromEntries(
        Object.keys(list[0]).map((key) => [key, median(list.map((figures) => figures[key]))]),
      ),
    ]),
  );
  const lengths = [64, 16_384, 262_144, 1_048_576, 4_194_304];
  const sums = run(2, { sums: lengths });
  const step = (name) => of[name].msPerStep;
  const two = of["2 ranks of 1 thread, batch 16"];
  const perSample = (step("1 process, 1 thread, batch 16") - step("1 process, 1 thread, batch 8")) / 8;
  const measured = {
    fixedMs: Math.max(0, step("1 process, 1 thread, batch 16") - 16 * perSample),
    perSampleMs: perSample,
    bytes: two.parameters * 4,
    sums: two.sumsPerStep,
  };
  write(report(of, sums, measured), drawModel(measured));
}

function report(of, sums, measured) {
  const f = (x, digits = 1) => (x === undefined ? "" : x.toFixed(digits));
  const step = (name) => of[name].msPerStep;
  const strong = step("1 process, 2 threads, batch 16") / step("2 ranks of 1 thread, batch 16");
  const weak = step("1 process, 1 thread, batch 16") / step("2 ranks of 1 thread, batch 32");
  const share = (x) => `${(100 * x).toFixed(0)} %`;
  const rows = Object.entries(of).map(
    ([name, x]) =>
      `| ${name} | ${f(x.msPerStep)} | ${x.bytes === undefined ? "" : Math.round(x.bytes / 1000)} | ${f(x.sumMs)} | ${f(x.waitMs)} |`,
  );
  const batches = [1, 4, 16, 64];
  return `# Training over ranks

Written by \`node bench/mpi.mjs\`. ${os.cpus()[0].model.trim()}, ${os.cpus().length} logical cores, Node.js ${process.version}, ${new Date().toISOString().slice(0, 10)}; medians of
${options.rounds} rounds in turn. A step of the default U-Net (${of["2 ranks of 1 thread, batch 16"].parameters.toLocaleString("en-US")} parameters) on patches of 64 x 64, from the patches to the new
weights. kB: sent by a rank in a step. Sums: from the call to the result. Waited: of these, with nothing left to compute.

| what | ms a step | kB | sums, ms | waited, ms |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

Two ranks of one thread against one process of two, the same batch: **${share(strong)}**. Two ranks with twice the batch against one: **${share(weak)}**.

A sum over two ranks of this machine, by its size:

| numbers | ${Object.keys(sums).join(" | ")} |
| --- | ${Object.keys(sums)
    .map(() => "---")
    .join(" | ")} |
| ms | ${Object.values(sums)
    .map((ms) => f(ms, 3))
    .join(" | ")} |

## Reckoned: 4 to 1024 machines

Not measured. Each rank is a machine that computes as one thread does here: ${f(measured.fixedMs, 2)} ms and ${f(measured.perSampleMs, 3)} ms a patch; ${Math.round(measured.bytes / 1000)} kB of gradients travel
in ${f(measured.sums)} sums. The formula, and what it leaves out, is in \`bench/mpi-model.mjs\`. Share of a lone machine's speed, by patches a rank:

| network | ranks | ${batches.map((b) => `${b} a rank`).join(" | ")} | 80 % needs a batch of |
| --- | --- | ${batches.map(() => "---").join(" | ")} | --- |
${networks.flatMap((network) => ranksDrawn.map((n) => `| ${network.name} | ${n} | ${batches.map((b) => share(efficiency(measured, network, n, b))).join(" | ")} | ${leastBatch(measured, network, n) * n} |`)).join("\n")}

![Efficiency over ranks](mpi.svg)
`;
}

function write(markdown, svg) {
  const folder = fileURLToPath(new URL("results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}mpi.md`, markdown);
  writeFileSync(`${folder}mpi.svg`, svg);
  console.log(markdown);
}
