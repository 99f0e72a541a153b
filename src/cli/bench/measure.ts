// Timing: the median of many repetitions after a warm-up. Noise on a shared machine is one-sided, so a median is the honest
// middle and the best run is given beside it.

import type { Backend } from "../../backend/backend.js";

export interface Timing {
  /** Seconds of one repetition. */
  readonly median: number;
  readonly best: number;
  /** Seconds that a GPU was busy in one repetition, the median; undefined without one, or without its timestamps. */
  readonly device: number | undefined;
  readonly repetitions: number;
}

/** Repeats `body` for about `seconds` (at least 5 times), after two runs that are not counted. */
export async function measure(backend: Backend, body: () => Promise<unknown>, seconds = 1): Promise<Timing> {
  for (let i = 0; i < 2; i++) await body();
  const [walls, devices]: [number[], number[]] = [[], []];
  const start = performance.now();
  while (walls.length < 5 || performance.now() - start < seconds * 1000) {
    const { wallSeconds, deviceSeconds } = await timeOnce(backend, body);
    walls.push(wallSeconds);
    if (deviceSeconds !== undefined) devices.push(deviceSeconds);
  }
  return {
    median: median(walls)!,
    best: walls.reduce((a, b) => Math.min(a, b)),
    device: median(devices),
    repetitions: walls.length,
  };
}

async function timeOnce(backend: Backend, body: () => Promise<unknown>) {
  if (backend.time) return backend.time(async () => void (await body()));
  const before = performance.now();
  await body();
  return { wallSeconds: (performance.now() - before) / 1000, deviceSeconds: undefined };
}

const median = (values: number[]): number | undefined => values.sort((a, b) => a - b)[values.length >> 1];
