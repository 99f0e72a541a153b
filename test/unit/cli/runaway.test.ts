// A loss that runs away is told once; one that falls, or jumps as losses do, is not.

import { expect, it } from "vitest";
import { RunawayWatch } from "../../../src/cli/train/runaway.js";

const told = (losses: readonly number[]): string[] => {
  const watch = new RunawayWatch();
  return losses.flatMap((loss) => watch.check(loss) ?? []);
};
const steps = (count: number, loss: (i: number) => number) =>
  Array.from({ length: count }, (_, i) => loss(i));

it("is told once, with what it was and is", () => {
  const losses = [...steps(200, () => 3e-4), ...steps(100, (i) => 10 * (i + 1))];
  expect(told(losses)).toEqual([expect.stringMatching(/^the mean loss has risen from 0\.00030 to 0\.\d+$/)]);
});

it("is not told of a fall from a large first loss, of jumps, or of a loss of 0", () => {
  expect(told(steps(300, (i) => 1e6 * 0.9 ** i + 1e-3))).toEqual([]);
  expect(told(steps(300, (i) => (i % 60 === 0 ? 0.1 : 3e-4)))).toEqual([]);
  expect(told([...steps(100, () => 0), ...steps(100, () => 1)])).toEqual([]);
});
