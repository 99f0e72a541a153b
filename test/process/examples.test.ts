// Every example on digits of our own making: it runs by one command, prints its figure, writes its pictures, and fails when
// its promise is not kept.

import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../src/base/random-stream.js";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-examples-"));

/** Rings of ten sizes at random places, as MNIST's four files. */
function writeRings(): void {
  const random = new RandomStream(1, 0);
  for (const [name, count] of [["train", 300], ["t10k", 100]] as const) {
    const pixels = Buffer.alloc(count * 784);
    const labels = Buffer.from(Array.from({ length: count }, (_, i) => i % 10));
    for (let n = 0; n < count; n++) {
      const [cy, cx] = [10 + 8 * random.uniform(), 10 + 8 * random.uniform()];
      for (let i = 0; i < 784; i++) {
        const distance = Math.hypot(Math.floor(i / 28) - cy, (i % 28) - cx) - labels[n];
        pixels[n * 784 + i] = Math.round(255 * Math.exp(-(distance ** 2)));
      }
    }
    const header = (...numbers: number[]) => {
      const bytes = Buffer.alloc(4 * numbers.length);
      numbers.forEach((x, i) => bytes.writeUInt32BE(x, 4 * i));
      return bytes;
    };
    const write = (kind: string, ...parts: Buffer[]) =>
      fs.writeFileSync(path.join(folder, `${name}-${kind}-ubyte.gz`), zlib.gzipSync(Buffer.concat(parts)));
    write("images-idx3", header(0x803, count, 28, 28), pixels);
    write("labels-idx1", header(0x801, count), labels);
  }
} // prettier-ignore

const run = (name: string, ...more: string[]) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const args = [
      path.join(examples, `${name}.mjs`),
      "--epochs",
      "1",
      "--verbose",
      "0",
      "--out",
      folder,
      ...more,
    ];
    execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });

beforeAll(writeRings);

/** Those whose loss is told as two parts. */
const family = ["dense", "deep", "denoising", "contractive", "convolutional", "variational"];

describe("on a few rings", () => {
  it.each([
    ["dense", "1", ["dense.png"]],
    ["deep", "1", ["deep.png"]],
    ["denoising", "-20", ["denoising.png"]],
    ["contractive", "10", ["contractive.png"]],
    ["convolutional", "1", ["convolutional.png"]],
    ["codes", "-50", ["codes.svg", "neighbours.png", "compression.svg"]],
    ["learning-curve", "-50", ["learning-curve.svg"]],
    ["variational", "1000", ["variational.png", "variational-new.png", "variational-walk.png"]],
  ])("%s keeps an easy promise", async (name, target, pictures) => {
    const { code, stdout, stderr } = await run(name, "--digits", folder, `--target=${target}`);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/: -?[\d.]+ \(promised: at (most|least) /);
    expect(code).toBe(0);
    if (family.includes(name))
      expect(stdout).toMatch(/: loss \S+( nats)? = reconstruction \S+( nats)? \+ penalty \S+/);
    for (const picture of pictures) expect(fs.existsSync(path.join(folder, picture))).toBe(true);
  });

  it("sparse measures three codes, and says what one epoch cannot keep", async () => {
    const { code, stdout } = await run("sparse", "--digits", folder, "--target", "1");
    expect(stdout.match(/loss [\d.]+ = reconstruction [\d.]+ \+ penalty [\d.]+/g)).toHaveLength(3);
    expect(stdout).toContain("NOT KEPT");
    expect(code).toBe(1);
  });

  it.each(["first-gradient", "operation", "layer", "ranks"])("%s keeps its word", async (name) => {
    const { code, stdout, stderr } = await run(name);
    expect(stderr).toBe("");
    expect(stdout).not.toBe("");
    expect(code).toBe(0);
  });

  it("a folder without digits is told where to get them", async () => {
    const { code, stderr } = await run("dense", "--digits", os.tmpdir());
    expect(code).toBe(1);
    expect(stderr).toMatch(/There is no .*train-images-idx3-ubyte.gz: get MNIST's four files from https:/);
  });
});
