// Enhancing over ranks: each picture once, one line of JSON each from rank 0, a broken one keeps nobody waiting, and a run that was
// killed is finished by another.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readImage } from "../../src/image/files.js";
import { fovea, jsonLines, makeImages, temporaryFolder } from "./fovea.js";
import { findMpis, onRanks, processesOf, startRanks } from "./mpi.js";

const { mpis, missing } = findMpis();
for (const reason of missing) describe(reason, () => it("enhancing", (context) => context.skip(reason)));

const count = 1000;
let folder: string;
const inside = (...names: string[]): string => path.join(folder, ...names);
const names = Array.from({ length: count }, (_, i) => `${i}.png`);
const method = ["--method", "gamma:gamma=0.8", "--json"];

beforeAll(async () => {
  folder = temporaryFolder();
  // A thousand names for a few pictures of different sizes.
  await makeImages(inside("few"), 5, 8);
  fs.mkdirSync(inside("many"));
  names.forEach((name, i) => fs.copyFileSync(inside("few", `${i % 5}.png`), inside("many", name)));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const written = (out: string): string[] =>
  fs.existsSync(inside(out)) ? fs.readdirSync(inside(out)).filter((name) => !name.startsWith(".")) : [];
const linesOf = (stdout: string) => jsonLines(stdout.replace(/^[^{].*$/gm, ""));

async function expectWhole(out: string): Promise<void> {
  expect(written(out).sort()).toEqual([...names].sort());
  for (const name of names) {
    const { width } = await readImage(inside(out, name));
    expect(width).toBe(8 + (Number.parseInt(name) % 5));
  }
}

it("--skip-existing leaves out what is there, and nothing else", async () => {
  const args = ["enhance", "few", "-o", "again", ...method];
  expect(await fovea([...args, "--skip-existing"], folder)).toMatchObject({ code: 0 });
  fs.rmSync(inside("again", "3.png"));
  const { code, stdout, stderr } = await fovea([...args, "--skip-existing"], folder);
  expect(code).toBe(0);
  expect(jsonLines(stdout).map(({ input }) => input)).toEqual([path.join("few", "3.png")]);
  expect(stderr).toContain("Left out, as their results are there already: 4 of 5.");
  expect(await fovea(args, folder)).toMatchObject({ code: 1 });
  const both = await fovea([...args, "--skip-existing", "--force"], folder);
  expect(both.stderr).toMatch(/^fovea: option '--force' cannot be used with option '--skip-existing'/);
});

describe.each(mpis)("$name", (mpi) => {
  const out = (name: string) => `${mpi.name.replace(" ", "")}-${name}`;

  it(`${count} pictures over 2 ranks: each once, the largest first, a broken one told`, async () => {
    fs.cpSync(inside("many"), inside(out("in")), { recursive: true });
    fs.writeFileSync(inside(out("in"), "broken.png"), "no picture, but longer than any of them ".repeat(20));
    const { code, stdout, stderr } = await onRanks(
      mpi,
      2,
      ["enhance", out("in"), "-o", out("all"), ...method],
      folder,
    );
    const lines = linesOf(stdout);
    const done = lines.filter(({ error }) => error === undefined);
    expect(lines.filter(({ error }) => error !== undefined)).toMatchObject([
      { file: path.join(out("in"), "broken.png") },
    ]);
    expect(stderr).toContain("1 of 1001 images could not be enhanced");
    expect(code).not.toBe(0);
    expect(done.map(({ output }) => path.basename(output as string)).sort()).toEqual([...names].sort());
    expect(new Set(done.map(({ rank }) => rank))).toEqual(new Set([0, 1]));
    await expectWhole(out("all"));
    const dealt = done.map(({ input }) => fs.statSync(inside(input as string)).size);
    expect(Math.min(...dealt.slice(0, 50))).toBeGreaterThan(Math.max(...dealt.slice(-50)));
  });

  it("a rank is killed, and the same command does the rest, each picture once", async () => {
    const args = ["enhance", "many", "-o", out("killed"), "--skip-existing", ...method];
    const running = startRanks(mpi, 2, args, folder);
    await running.printed("rank 1 is process ");
    await running.printed('"output"', 20);
    process.kill(processesOf(running.soFar().stderr)[1], "SIGKILL");
    expect((await running.ended).code).not.toBe(0);
    const before = written(out("killed"));
    expect(before.length).toBeGreaterThanOrEqual(20);
    expect(before.length).toBeLessThan(count);
    const { code, stdout } = await onRanks(mpi, 2, args, folder);
    expect(code).toBe(0);
    const after = linesOf(stdout).map(({ output }) => path.basename(output as string));
    expect([...before, ...after].sort()).toEqual([...names].sort());
    await expectWhole(out("killed"));
  });
});
