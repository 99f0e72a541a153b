// Files from elsewhere, mutated: each is read, or refused in one sentence. Longer: node test/fuzz/formats.mjs --seconds 600 --seed 2

import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

it("mutated files of every format are read or refused, without a fault or a hang", () => {
  const script = path.join(import.meta.dirname, "../fuzz/formats.mjs");
  const { stdout, status } = spawnSync(process.execPath, [script, "--cases", "300", "--seed", "7"], {
    encoding: "utf8",
  });
  expect(stdout).toMatch(/\d+ read, \d+ refused in one sentence, 0 faults/);
  expect(status).toBe(0);
});
