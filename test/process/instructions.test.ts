// Speed without a clock: the instructions that three kernels take, counted by valgrind's callgrind, which a busy machine does
// not change. Valgrind offers AVX2 and no AVX-512, so the AVX2 path is what is counted, whatever the processor.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadAddon } from "../../src/backend/native/addon.js";

/** Instructions of one call in one-kernel.mjs, compiled by GCC 12; counted on 2026-11-23, conv2d on 2026-11-26. */
const recorded = { matmul: 348_000, conv2d: 555_000, adamStep: 19_000 };
/** Counts of one binary differ by less than 1 % from run to run; a slower kernel shows at 5. */
const slack = 1.05;

const root = fileURLToPath(new URL("../..", import.meta.url));
const isGcc12 =
  spawnSync("c++", ["-dumpfullversion"], { encoding: "utf8" }).stdout?.startsWith("12.") ?? false;

function countOf(kernel: string): number {
  const folder = mkdtempSync(join(tmpdir(), "fovea-instructions-"));
  try {
    const name = kernel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const { stdout, stderr } = spawnSync(
      "valgrind",
      [
        "--tool=callgrind",
        `--callgrind-out-file=${join(folder, "out")}`,
        "--collect-atstart=no",
        `--toggle-collect=fovea::avx2::${name}(*`,
        "--smc-check=all-non-file",
        process.execPath,
        join(root, "test/process/one-kernel.mjs"),
        kernel,
      ],
      { encoding: "utf8" },
    );
    expect(stdout, stderr).toBe("avx2\n");
    return Number(/Collected : (\d+)/.exec(stderr)?.[1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [kernel, most] of Object.entries(recorded))
  it(`${kernel} takes no more instructions than it did`, (context) => {
    if (process.arch !== "x64") return context.skip("the counts are of x86-64");
    if (!existsSync("/usr/bin/valgrind")) return context.skip("valgrind is not installed");
    if (!isGcc12) return context.skip("the counts are of GCC 12's code");
    if (!existsSync(join(root, "build/Release/fovea.node"))) return context.skip("the addon is not built");
    if (!loadAddon().info().isas.includes("avx2"))
      return context.skip("the addon has no AVX2 kernels; build it with FOVEA_ISAS=all");
    const count = countOf(kernel);
    expect(count).toBeGreaterThan(most / 4); // fewer than that is no such kernel
    expect(count).toBeLessThan(most * slack);
  });
