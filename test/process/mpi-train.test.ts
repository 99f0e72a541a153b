// Training over ranks: the losses of one process with the same batch, any number of ranks to go on with, and what is left when a
// rank is killed or all are told to stop.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWebgpuBackend } from "../../src/backend/webgpu/backend.js";
import { readCheckpoint } from "../../src/train/files.js";
import { openOrSkip } from "../conformance/opened.js";
import { fovea, jsonLines, makeImages, temporaryFolder } from "./fovea.js";
import { allGone, findMpis, onOneCore, onRanks, processesOf, startRanks } from "./mpi.js";

const { mpis, missing } = findMpis();
for (const reason of missing) describe(reason, () => it("training", (context) => context.skip(reason)));

const { backend: gpu, reason: noGpu } = await openOrSkip("FOVEA_REQUIRE_WEBGPU", () => createWebgpuBackend());
await gpu?.close();

let folder: string;
const inside = (name: string): string => path.join(folder, name);
const steps = 50;
const network = ["--model", "unet", "--widths", "4,4", "--blocks", "1", "--patch", "8", "--batch", "12"];
const validation = ["--val", "images", "--val-every", "20", "--ema", "0.9", "--sigma", "0..50"];
const begin = (out: string, ...more: string[]) => [
  ...["train", "--data", "images", "--out", out, "--json", "--save-every", "10", ...network, ...validation],
  ...onOneCore,
  ...more,
];
const resume = (out: string, ...more: string[]) => [
  ...["train", "--out", out, "--resume", "--json", "--save-every", "10", ...onOneCore],
  ...more,
];

/** Losses by step, and validations in their order, as the run's log has them. */
function logOf(run: string): { losses: number[]; validations: number[] } {
  const lines = jsonLines(fs.readFileSync(inside(`${run}/log.jsonl`), "utf8"));
  return {
    losses: lines.flatMap(({ loss }) => (loss === undefined ? [] : [loss as number])),
    validations: lines.flatMap((line) =>
      line.validationPsnr === undefined ? [] : [line.validationPsnr as number],
    ),
  };
}

function tensorsOf(run: string): [string, number[]][] {
  const { tensors } = readCheckpoint(inside(`${run}/checkpoint.safetensors`)).snapshot;
  return [...tensors].map(([name, { data }]) => [name, [...data]]);
}

/** As rounding leaves two orders of the same sums. */
function expectClose(run: string): void {
  const [one, here] = [logOf("one"), logOf(run)];
  expect(here.losses).toHaveLength(steps);
  here.losses.forEach((loss, i) => expect(Math.abs(loss - one.losses[i])).toBeLessThan(1e-5));
  // A run that was stopped in between was validated there, too.
  const validations = here.validations.slice(-one.validations.length);
  expect(validations).toHaveLength(3);
  validations.forEach((psnr, i) => expect(Math.abs(psnr - one.validations[i])).toBeLessThan(1e-3));
}

beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(inside("images"), 3);
  const { code, stderr } = await fovea(begin("one", "--steps", String(steps)), folder);
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe.each(mpis)("$name", (mpi) => {
  const named = (run: string) => `${mpi.name.replace(" ", "")}-${run}`;
  const train = (ranks: number, args: string[], env?: NodeJS.ProcessEnv) =>
    onRanks(mpi, ranks, args, folder, env);

  it.skipIf(noGpu)(noGpu ?? "2 ranks compute on WebGPU, too", async () => {
    const onGpu = (run: string) => [
      ...["train", "--data", "images", "--out", named(run), "--json", "--steps", "8", ...network],
      ...["--backend", "webgpu"],
    ];
    expect(await fovea(onGpu("gpu-one"), folder)).toMatchObject({ code: 0 });
    expect(await train(2, onGpu("gpu-two"))).toMatchObject({ code: 0 });
    const [one, two] = [logOf(named("gpu-one")), logOf(named("gpu-two"))];
    expect(two.losses).toHaveLength(8);
    two.losses.forEach((loss, i) => expect(Math.abs(loss - one.losses[i])).toBeLessThan(1e-5));
  });

  it.each([1, 2, 3, 4])("%i ranks have the losses and validations of one process", async (ranks) => {
    const run = named(`${ranks}`);
    // Messages of 1 kB, so that there are several in a step.
    const { code, stdout, stderr } = await train(ranks, begin(run, "--steps", String(steps)), {
      FOVEA_BUCKET_KB: "1",
    });
    expect(stderr).not.toContain("fovea:");
    expect(code).toBe(0);
    expectClose(run);
    const events = jsonLines(stdout);
    expect(events.filter(({ event }) => event === "start")).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ event: "end", reason: "steps", steps });
    expect(fs.readdirSync(inside(run))).toEqual(
      expect.arrayContaining(["best.safetensors", "checkpoint.safetensors", "log.jsonl"]),
    );
    expect(fs.existsSync(inside(`${run}/lock`))).toBe(false);
  });

  it("goes on with other numbers of ranks", async () => {
    const run = named("resumed");
    expect(await train(4, begin(run, "--steps", String(steps), "--stop-loss", "9"))).toMatchObject({
      code: 0,
    });
    expect(logOf(run).losses).toHaveLength(1); // any loss is low enough
    const on = ["--stop-loss", "1e-9"];
    expect(await train(2, resume(run, "--steps", String(steps), ...on))).toMatchObject({ code: 0 });
    expectClose(run);
    expect(await fovea(resume(run, "--steps", "53"), folder)).toMatchObject({ code: 0 });
    expect(logOf(run).losses).toHaveLength(53);
  });

  it("op by op, too", async () => {
    expect(await train(2, begin(named("eager"), "--steps", String(steps), "--eager"))).toMatchObject({
      code: 0,
    });
    expectClose(named("eager"));
  });

  /** A run of two ranks that is under way, of which checkpoints are there. */
  async function underWay(run: string, limits: string[]) {
    const running = startRanks(mpi, 2, begin(run, ...limits), folder);
    await running.printed('"event":"checkpoint"', 3);
    await running.printed("rank 1 is process ");
    return running;
  }

  const long = ["--steps", "200"];
  beforeAll(async () => {
    expect(await train(2, begin(named("whole"), ...long))).toMatchObject({ code: 0 });
  });

  it.each([0, 1])(
    "rank %i is killed: all end, a message names it, and the run goes on to the same bits",
    async (victim) => {
      const run = named(`killed-${victim}`);
      const running = await underWay(run, long);
      const processes = processesOf(running.soFar().stderr);
      process.kill(processes[victim], "SIGKILL");
      const { code, stdout, stderr } = await running.ended;
      expect(code).not.toBe(0);
      await allGone(processes);
      // MPICH's launcher ends the others at once and names the process; which rank that is was said at the beginning.
      const byLauncher = new RegExp(`PID ${processes[victim]} RUNNING AT`);
      expect(stderr.includes(`fovea: rank ${victim} on `) || byLauncher.test(stdout + stderr)).toBe(true);
      const { step } = readCheckpoint(inside(`${run}/checkpoint.safetensors`)).snapshot;
      expect(step).toBeGreaterThanOrEqual(20);
      expect(step).toBeLessThan(200);
      expect(await train(2, resume(run))).toMatchObject({ code: 0 });
      expect(tensorsOf(run)).toEqual(tensorsOf(named("whole")));
      expect(logOf(run)).toEqual(logOf(named("whole")));
    },
  );

  it.each(["SIGTERM", "SIGINT"] as const)("%s to the launcher saves and ends all", async (signal) => {
    const run = named(signal);
    const running = await underWay(run, ["--steps", "100000"]);
    const processes = processesOf(running.soFar().stderr);
    running.child.kill(signal);
    const { code, stdout } = await running.ended;
    expect(code).not.toBe(0);
    await allGone(processes);
    const end = jsonLines(stdout.replace(/^[^{].*$/gm, "")).at(-1)!;
    expect(end).toMatchObject({ event: "end", reason: "aborted" });
    expect(readCheckpoint(inside(`${run}/checkpoint.safetensors`)).snapshot.step).toBe(end.steps);
    expect(fs.existsSync(inside(`${run}/lock`))).toBe(false);
  });
});
