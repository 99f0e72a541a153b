// Ranks over each MPI library that is there: what they do together, and what is said when they do not belong together.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, makeImages, startProcess, temporaryFolder, tinyNetwork } from "./fovea.js";
import { findMpis, type Mpi, onOneCore, onRanks } from "./mpi.js";

const { mpis, missing } = findMpis();
for (const reason of missing) describe(reason, () => it("ranks", (context) => context.skip(reason)));

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(path.join(folder, "images"), 3);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const script = fileURLToPath(new URL("mpi-ranks.mjs", import.meta.url));
const train = (out: string) => [
  "train",
  "--data",
  "images",
  "--out",
  out,
  "--steps",
  "2",
  ...tinyNetwork,
  ...onOneCore,
];

/** The sum of float32 numbers in the order of the ranks, in double precision, rounded once: what mpi-ranks.mjs must find. */
function expectedHash(length: number, ranks: number): number {
  const sums = Float32Array.from({ length }, (_, i) => {
    let sum = 0;
    for (let rank = 0; rank < ranks; rank++)
      sum += Math.fround(Math.sin(i + 1) * 10 ** ((i * 7 + rank * 3) % 9));
    return sum;
  });
  return [...new Uint32Array(sums.buffer)].reduce((hash, bits) => (hash * 31 + bits) >>> 0, 7);
}

describe.each(mpis)("$name", (mpi) => {
  it("a program of one's own trains over ranks", async () => {
    const example = fileURLToPath(new URL("../../examples/ranks.mjs", import.meta.url));
    const { code, stdout } = await startProcess(
      [...mpi.launcher(3), process.execPath, example],
      folder,
      mpi.env,
    ).ended;
    expect(code).toBe(0);
    for (const rank of [0, 1, 2])
      expect(stdout).toMatch(new RegExp(`rank ${rank} of 3: .* weights 3.0000, -2.0000, 1.0000`));
  });

  it.each([1, 2, 3, 4])(
    "%i ranks sum in their order, broadcast, gather and write to each other",
    async (size) => {
      const command = [...mpi.launcher(size), process.execPath, script];
      const { code, stdout, stderr } = await startProcess(command, folder, mpi.env).ended;
      expect(stderr).toBe("");
      expect(code).toBe(0);
      const lines = jsonLines(stdout).sort((a, b) => (a.rank as number) - (b.rank as number));
      expect(lines.map(({ rank }) => rank)).toEqual(Array.from({ length: size }, (_, rank) => rank));
      const all = (f: (rank: number) => unknown) => Array.from({ length: size }, (_, rank) => f(rank));
      for (const line of lines) {
        expect(line.size).toBe(size);
        for (const length of [0, 1, 7, 1000, 100_003])
          expect((line.sums as Record<string, number>)[length]).toBe(expectedHash(length, size));
        expect(line.many).toEqual(Array.from({ length: 20 }, (_, k) => [k * size, (size * (size - 1)) / 2]));
        expect(line.bytes).toEqual([1, 2, 3]);
        expect(line.gathered).toEqual(all((rank) => Array.from({ length: rank * 3 }, () => rank)));
      }
      expect(lines[0].told).toEqual(all((rank) => [rank, rank * 50_000]).slice(1));
    },
  );

  it("says in one sentence that a rank lacks the addon", async () => {
    const { code, stderr } = await onRanks(mpi, 2, train("never"), folder, { FOVEA_MPI_ADDON: "/none.node" });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/fovea: rank \d: the MPI addon is not built on [^ ]+ \(there is no \/none\.node\); run there: npm run build:mpi\n/); // prettier-ignore
    expect(fs.existsSync(path.join(folder, "never"))).toBe(false);
  });

  it("says in one sentence that ranks were told different things", async () => {
    const shell = `if [ "\${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 1 ]; then exec "$@" --seed 5; else exec "$@"; fi`;
    const [node, main, ...args] = [process.execPath, script.replace(/test.process.*/, "dist/cli/main.js"), ...train("differ")]; // prettier-ignore
    const command = [...mpi.launcher(2), "sh", "-c", shell, "sh", node, main, ...args];
    const { code, stderr } = await startProcess(command, folder, mpi.env).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/fovea: Ranks differ in their flags: rank 0 on [^ ]+ has .*, rank 1 on [^ ]+ has .*"seed":5.*; start all of them alike\.\n/); // prettier-ignore
    expect(stderr).not.toContain("    at ");
    expect(fs.existsSync(path.join(folder, "differ"))).toBe(false);
  });

  it("a mistake that all make is told once", async () => {
    const { code, stdout, stderr } = await onRanks(mpi, 2, [...train("bad"), "--data", "nowhere"], folder);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("nowhere");
    expect(stderr.split("nowhere").length - 1).toBe(1);
    const flag = await onRanks(mpi, 2, [...train("bad"), "--banana"], folder);
    expect(flag.stderr.split("--banana").length - 1).toBe(1);
  });

  it("works alone under a launcher when told to", async () => {
    const args = [...train(`alone under ${mpi.name}`), "--no-mpi"];
    const { code, stdout } = await onRanks(mpi, 1, args, folder, { FOVEA_MPI_ADDON: "/none.node" });
    expect(stdout).toContain("2 steps");
    expect(code).toBe(0);
  });
});

it("launcher and library that differ are told apart", async (context) => {
  if (mpis.length < 2) return context.skip(missing.join(", "));
  const mixed = (one: Mpi, other: Mpi) =>
    onRanks(one, 2, train("mixed"), folder, { FOVEA_MPI_ADDON: other.addon });
  for (const [one, other] of [mpis, [...mpis].reverse()]) {
    const { code, stderr } = await mixed(one, other);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/started 2 ranks \([A-Z_]+\), but the MPI library of the addon, .*, sees 1: they do not belong together; /); // prettier-ignore
  }
  expect(fs.existsSync(path.join(folder, "mixed"))).toBe(false);
});

it("without a launcher nothing of MPI is loaded", async () => {
  const env = { FOVEA_MPI_ADDON: "/none.node", OMPI_COMM_WORLD_SIZE: undefined };
  const args = [process.execPath, script.replace(/test.process.*/, "dist/cli/main.js"), ...train("single")];
  const { code, stderr } = await startProcess(args, folder, env).ended;
  expect(code).toBe(0);
  expect(stderr).not.toContain("MPI");
});
