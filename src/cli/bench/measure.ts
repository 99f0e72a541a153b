// Timing: the median of many repetitions after a warm-up. Noise on a shared machine is one-sided, so a median is the honest
// middle and the best run is given beside it.

export interface Timing {
  /** Seconds of one repetition. */
  readonly median: number;
  readonly best: number;
  readonly repetitions: number;
}

/** Repeats `body` for about `seconds` (at least 5 times), after two runs that are not counted. */
export async function measure(body: () => Promise<unknown>, seconds = 1): Promise<Timing> {
  for (let i = 0; i < 2; i++) await body();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < 5 || performance.now() - start < seconds * 1000) {
    const before = performance.now();
    await body();
    times.push((performance.now() - before) / 1000);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], best: times[0], repetitions: times.length };
}
