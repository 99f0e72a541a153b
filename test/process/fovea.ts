// Runs the command as a user does: a process of its own, its output and how it ended.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensorsFile, writeSafetensorsFile } from "../../src/formats/files.js";
import { writeImage } from "../../src/image/files.js";
import { toImage } from "../../src/image/plane.js";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves once what was printed so far (on both streams) holds `text` so many times; rejects when the process ends before. */
  printed(text: string, times?: number): Promise<void>;
  soFar(): { readonly stdout: string; readonly stderr: string };
}

export const start = (args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running =>
  startProcess(foveaCommand(args), cwd, env);

/** The words of a command line that runs fovea. */
export function foveaCommand(args: readonly string[]): string[] {
  if (!fs.existsSync(main)) throw new Error("dist/ is not built; run npm run build:ts first.");
  return [process.execPath, main, ...args];
}

export function startProcess(
  [command, ...args]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Running {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (data: Buffer) => {
      output[stream] += data.toString();
      for (const check of listeners) check();
    });
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, ...output })),
  );
  const printed = (text: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if ((output.stdout + output.stderr).split(text).length <= times) return;
        listeners.delete(check);
        resolve();
      };
      listeners.add(check);
      check();
      void ended.then(() =>
        reject(new Error(`ended before it printed ${text} ${times} times: ${output.stderr}`)),
      );
    });
  return { child, ended, printed, soFar: () => ({ ...output }) };
}

export const fovea = (args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Ended> =>
  start(args, cwd, env).ended;

/** One JSON object a line, or an error. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export const temporaryFolder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), "fovea-process-"));

/** Python reads what is written here, too: archives, programs for Keras. */
export const hasPython = (): boolean => spawnSync("python3", ["--version"]).status === 0;

/** Small pictures with something to see in them. */
export async function makeImages(folder: string, count: number, side = 24): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  for (let k = 0; k < count; k++) {
    const [width, height] = [side + k, side + 3];
    const data = Float32Array.from(
      { length: width * height },
      (_, i) => 0.5 + 0.4 * Math.sin((i % width) / (3 + k)) * Math.cos(Math.floor(i / width) / 5),
    );
    await writeImage(path.join(folder, `${k}.png`), toImage({ width, height, channels: 1, data }));
  }
}

/** A network small enough for the specification's loops. */
export const tinyNetwork = [
  "--model",
  "unet",
  "--widths",
  "2,2",
  "--blocks",
  "1",
  "--patch",
  "8",
  "--batch",
  "2",
];
/**
 * Weights of a run made small: after two steps of training they would turn a picture into another one, which `enhance` refuses;
 * so they change it a little.
 */
export function gentle(run: string): void {
  const file = path.join(run, "checkpoint.safetensors");
  const { tensors, metadata } = readSafetensorsFile(file);
  const scaled = [...tensors].map(([name, { shape, data }]) => {
    const factor = name.startsWith("model.") ? 0.1 : 1;
    return [name, { shape, data: (data as Float32Array).map((w) => factor * w) }] as const;
  });
  writeSafetensorsFile(file, new Map(scaled), metadata);
}

export const onReference = ["--backend", "reference"];
