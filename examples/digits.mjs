// What the examples share: MNIST's digits, settings from the command line, pictures of digits, the check of a figure.

import path from "node:path";
import { parseArgs } from "node:util";
import { createImage, loadMnist, useBackend, writeImage } from "fovea";

/**
 * The digits as rows of 784 numbers in [0, 1], and what was said on the command line:
 * node examples/NAME.mjs [--digits FOLDER] [--epochs N] [--samples N] [--target X] [--out FOLDER] [--verbose 0|1|2]
 */
export async function begin(defaults) {
  const options = { digits: "mnist", out: ".", verbose: "1", samples: "60000", ...defaults };
  const known = Object.entries(options).map(([name, value]) => [
    name,
    { type: "string", default: String(value) },
  ]);
  const { values } = parseArgs({ options: Object.fromEntries(known) });
  await useBackend("auto");
  const samples = Number(values.samples);
  const [train, test] = ["train", "test"].map((part) => loadMnist(values.digits, part));
  const rows = (digits, count) => digits.images.subarray(0, Math.min(count, digits.count) * 784);
  return {
    xTrain: rows(train, samples),
    xTest: rows(test, samples),
    labels: test.labels.subarray(0, samples),
    epochs: Number(values.epochs),
    verbose: Number(values.verbose),
    target: Number(values.target),
    picture: (name) => path.join(values.out, name),
  };
}

/** The digit number `i` of rows of 784. */
export const digit = (rows, i) => rows.subarray(784 * i, 784 * (i + 1));

/** The first `count` digits, for a row of a picture. */
export const firstOf = (rows, count) => Array.from({ length: count }, (_, i) => digit(rows, i));

/** Writes a picture: a list of rows, each a list of digits. */
export async function writeDigits(file, rows) {
  const [width, height] = [1 + 29 * rows[0].length, 1 + 29 * rows.length];
  const pixels = new Uint8Array(width * height).fill(64);
  rows.forEach((row, j) =>
    row.forEach((values, i) => {
      for (let y = 0; y < 28; y++)
        for (let x = 0; x < 28; x++) {
          const level = Math.round(255 * Math.min(1, Math.max(0, values[28 * y + x])));
          pixels[(1 + 29 * j + y) * width + 1 + 29 * i + x] = level;
        }
    }),
  );
  await writeImage(file, createImage(width, height, 1, pixels));
  console.log(`Wrote ${file}`);
}

/** Prints a figure, and fails the program when it is not what was promised. */
export function promise(what, figure, relation, target) {
  const isKept = relation === "at most" ? figure <= target : figure >= target;
  console.log(`${what}: ${figure.toFixed(4)} (promised: ${relation} ${target})${isKept ? "" : " NOT KEPT"}`);
  if (!isKept) process.exitCode = 1;
}

/** A loss as its two parts: how far the picture is from what it should be, and what the code is charged. */
export function printLoss(name, reconstruction, penalty, unit = "") {
  const [a, b] = [reconstruction, penalty].map((x) => `${x.toFixed(4)}${unit}`);
  console.log(
    `${name}: loss ${(reconstruction + penalty).toFixed(4)}${unit} = reconstruction ${a} + penalty ${b}`,
  );
}

/** The mean over pictures of 10 log10(1 / mean squared error), in dB. */
export function meanPsnr(rows, truth) {
  let total = 0;
  for (let at = 0; at < truth.length; at += 784)
    total -= 10 * Math.log10(meanSquaredError(rows.subarray(at, at + 784), truth.subarray(at, at + 784)));
  return total / (truth.length / 784);
}

/** The mean squared difference of two arrays. */
export function meanSquaredError(a, b) {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i] - b[i]) ** 2;
  return total / a.length;
}
