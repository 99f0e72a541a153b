// What a user can get wrong: one sentence that names the file or the flag and says what to do, exit code 1, no stack trace,
// nothing half-made left behind.

import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.js";
import { fovea, gentle, makeImages, onReference, temporaryFolder, tinyNetwork } from "./fovea.js";

let folder: string;
const inside = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = temporaryFolder();
  await makeImages(inside("images"), 3);
  const args = ["train", "--data", "images", "--steps", "2", "--out", "run", ...tinyNetwork, ...onReference];
  expect(await fovea(args, folder)).toMatchObject({ code: 0 });
  gentle(inside("run"));

  const png = fs.readFileSync(inside("images/0.png"));
  fs.writeFileSync(inside("cut.png"), png.subarray(0, png.length / 2));
  fs.writeFileSync(inside("empty.png"), "");
  fs.writeFileSync(inside("text.png"), "I am not a picture, whatever my name says.");
  const huge = Buffer.from(png);
  huge.writeUInt32BE(0x7fffffff, 16);
  huge.writeUInt32BE(1, 20);
  huge.writeUInt32BE(zlib.crc32(huge.subarray(12, 29)), 29);
  fs.writeFileSync(inside("huge.png"), huge);
  fs.mkdirSync(inside("nothing"));
  fs.mkdirSync(inside("out"));

  const checkpoint = fs.readFileSync(inside("run/checkpoint.safetensors"));
  fs.writeFileSync(inside("cut.safetensors"), checkpoint.subarray(0, checkpoint.length - 5));
  const headerBytes = Number(checkpoint.readBigUInt64LE(0));
  const header = checkpoint.subarray(8, 8 + headerBytes).toString();
  const lying = header.replace(
    /"data_offsets":\[(\d+),(\d+)\]/,
    (_, from: string, to: string) =>
      `"data_offsets":[${from},${to.slice(0, -1)}${(Number(to.at(-1)) + 1) % 10}]`,
  );
  expect(lying).not.toBe(header);
  fs.writeFileSync(
    inside("lying.safetensors"),
    Buffer.concat([checkpoint.subarray(0, 8), Buffer.from(lying), checkpoint.subarray(8 + headerBytes)]),
  );
  const { tensors, metadata } = readSafetensors(checkpoint, "checkpoint");
  const floats = [...tensors].map(
    ([name, t]) => [name, { shape: t.shape, data: t.data as Float32Array }] as const,
  );
  const poisoned = floats.map(
    ([name, t], i) => [name, i > 0 ? t : { ...t, data: t.data.map(() => NaN) }] as const,
  );
  fs.writeFileSync(inside("nan.safetensors"), writeSafetensors(new Map(poisoned), metadata));
  const other = {
    ...(JSON.parse(metadata.fovea) as object),
    model: { architecture: "conv-autoencoder", options: {} },
  };
  fs.writeFileSync(
    inside("other.safetensors"),
    writeSafetensors(new Map(floats), { ...metadata, fovea: JSON.stringify(other) }),
  );
  fs.writeFileSync(
    inside("foreign.safetensors"),
    writeSafetensors(new Map([["model.0.weight", { shape: [64, 1, 3, 3], data: new Float32Array(576) }]])),
  );
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const enhance = (...args: string[]) => ["enhance", "-o", "out/result.png", ...onReference, ...args];
let trainings = 0; // a folder each: the tests run at once
const train = (...args: string[]) => ["train", "--out", `out/run${trainings++}`, ...onReference, ...args];

/** What is wrong, the command, and what the sentence must say. */
const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["a truncated image", enhance("cut.png", "--model", "run"), /cut\.png .* get the whole file again\./],
  ["an empty image", enhance("empty.png", "--model", "run"), /empty\.png is empty/],
  ["an image that is none", enhance("text.png", "--model", "run"), /text\.png is not an image/],
  [
    "a header that claims 2^31 pixels",
    enhance("huge.png", "--model", "run"),
    /huge\.png claims 2147483647x1 pixels/,
  ],
  ["an image that is not there", enhance("none.png", "--model", "run"), /none\.png: no such file/],
  [
    "a pattern that matches nothing",
    enhance("none*.png", "--model", "run"),
    /pattern none\*\.png matches no images/,
  ],
  ["a folder without images", enhance("nothing", "--model", "run"), /folder nothing has no images/],
  [
    "training data without images",
    train("--data", "nothing", "--steps", "1"),
    /folder .*nothing has no images/,
  ],
  [
    "evaluation data without images",
    ["eval", "--model", "run", "--data", "nothing", ...onReference],
    /folder nothing has no images/,
  ],
  [
    "a checkpoint cut short",
    enhance("images/0.png", "--model", "cut.safetensors"),
    /cut\.safetensors is not a sound safetensors file/,
  ],
  [
    "a header that lies about offsets",
    enhance("images/0.png", "--model", "lying.safetensors"),
    /lying\.safetensors is not a sound safetensors file/,
  ],
  [
    "a checkpoint with NaN",
    enhance("images/0.png", "--model", "nan.safetensors"),
    /nan\.safetensors holds .* not finite .* take an earlier checkpoint\./,
  ],
  [
    "weights of another architecture",
    enhance("images/0.png", "--model", "other.safetensors"),
    /other\.safetensors does not fit this model/,
  ],
  [
    "an architecture that the file contradicts",
    enhance("images/0.png", "--model", "run", "--arch", "dncnn"),
    /--arch dncnn is not the network of .*(best|checkpoint)\.safetensors, which is unet; leave it out/,
  ],
  [
    "foreign weights that belong to nothing known",
    enhance("images/0.png", "--model", "foreign.safetensors"),
    /foreign\.safetensors holds the tensors of no network that is known here \(model\.0\.weight/,
  ],
  [
    "foreign weights of another network",
    enhance("images/0.png", "--model", "foreign.safetensors", "--arch", "dncnn"),
    /foreign\.safetensors does not fit this model/,
  ],
  ["a folder that is no run", enhance("images/0.png", "--model", "images"), /folder images holds no run/],
  [
    "an unknown flag",
    enhance("images/0.png", "--nonsense"),
    /unknown option '--nonsense'; fovea enhance --help/,
  ],
  ["an unknown command", ["nonsense"], /unknown command 'nonsense'; fovea --help/],
  ["no input", ["enhance"], /missing required argument 'input'/],
  ["a flag without its value", ["eval", "--model"], /'--model <name>' argument missing/],
  [
    "a noise level that is no number, enhance",
    enhance("images/0.png", "--model", "run", "--sigma", "abc"),
    /--sigma abc is neither auto nor a number/,
  ],
  [
    "a noise level that is no number, train",
    train("--data", "images", "--steps", "1", "--sigma", "abc"),
    /--sigma abc is not/,
  ],
  [
    "a noise level that is no number, eval",
    ["eval", "--model", "run", "--data", "images", "--sigma", "15,abc"],
    /--sigma abc is not/,
  ],
  [
    "a range that runs backwards",
    train("--data", "images", "--steps", "1", "--sigma", "9..3"),
    /--sigma 9\.\.3 is not a range/,
  ],
  [
    "an output in no folder",
    ["enhance", "images/0.png", "--model", "run", "-o", "nowhere/x.png", ...onReference],
    /Cannot write into nowhere: there is no such folder/,
  ],
  [
    "an output that is a folder's name",
    ["enhance", "images/0.png", "--model", "run", "-o", "cut.png/", ...onReference],
    /Cannot write into cut\.png: cut\.png is a file, not a folder/,
  ],
  [
    "an output of no known kind",
    ["enhance", "images/0.png", "--model", "run", "-o", "out/x.gif", ...onReference],
    /name out\/x\.gif/,
  ],
  [
    "an output that is the input",
    ["enhance", "images/0.png", "--model", "run", "-o", "images/0.png", ...onReference],
    /would overwrite the input images\/0\.png/,
  ],
  [
    "a run that cannot be written",
    ["train", "--data", "images", "--steps", "1", "--out", "cut.png/run", ...onReference],
    /Cannot use cut\.png\/run/,
  ],
  [
    "a tile too small",
    enhance("images/0.png", "--model", "run", "--tile", "3"),
    /--tile 3 is too small .* give at least/,
  ],
  [
    "too little memory",
    enhance("images/2.png", "--model", "run", "--sigma", "5", "--max-memory", "0.001"),
    /--max-memory 0.001 MB is too little/,
  ],
  [
    "an unknown backend",
    enhance("images/0.png", "--backend", "abacus"),
    /--backend abacus is not one of auto, native, webgpu, wasm, reference/,
  ],
  ["no threads", enhance("images/0.png", "--threads", "0"), /--threads 0 is not a whole number from 1 up/],
  ["no stop condition", train("--data", "images"), /--minutes, --steps or --epochs/],
  ["no data", train("--steps", "3"), /add --data DIR/],
  [
    "patience without validation",
    train("--data", "images", "--patience", "3"),
    /--patience .* add --val DIR/,
  ],
  [
    "a patch that does not fit the network",
    train("--data", "images", "--steps", "1", "--patch", "10"),
    /--patch 10 is not a multiple of 8/,
  ],
  [
    "images smaller than a patch",
    train("--data", "images", "--steps", "1"),
    /0\.png is 24x27 pixels, .*2\.png is 26x27 pixels, smaller than a patch of 64x64/,
  ],
  [
    "an unknown network",
    train("--data", "images", "--steps", "1", "--model", "brain"),
    /--model brain is not one of unet/,
  ],
  [
    "a run in the way",
    ["train", "--data", "images", "--steps", "5", "--out", "run"],
    /--out run already holds a run; add --resume/,
  ],
  ["nothing to resume", train("--resume"), /--resume: there is no checkpoint in out\/run/],
  [
    "a resumed run with other settings",
    ["train", "--out", "run", "--resume", "--lr", "0.5"],
    /--lr 0\.5 is not what this run began with \(0\.001\)/,
  ],
  ["an operation that is not there", ["gradcheck", "nonsense"], /no operation nonsense/],
  [
    "a kernel that is not there",
    ["conformance", "nonsense", "--backend", "reference"],
    /no kernel nonsense; choose among matmul/,
  ],
  [
    "a variant that is not there",
    ["conformance", "matmul", "--backend", "reference", "--variant", "nonsense"],
    /--variant nonsense is none of reference's for matmul/,
  ],
];

describe("a mistake is one sentence", () => {
  for (const [what, args, sentence] of mistakes)
    it.concurrent(what, async ({ expect }) => {
      const { code, stdout, stderr } = await fovea(args, folder);
      expect(stderr).toMatch(sentence);
      expect(stderr).toMatch(/^fovea: [^\n]+\.\n$/);
      expect(stderr).not.toContain("    at ");
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    });
});

describe("after all these mistakes", () => {
  it("nothing half-made is left behind", () => {
    const found = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(found.filter((name) => /\.tmp$|result|enhanced|gif|nowhere/.test(name))).toEqual([]);
    expect(fs.readdirSync(inside("images"))).toEqual(["0.png", "1.png", "2.png"]);
  });

  it("one bad file does not keep the others from being enhanced, but the exit code tells", async () => {
    const args = [
      "enhance",
      "images/0.png",
      "cut.png",
      "images/1.png",
      "-o",
      "several",
      "--model",
      "run",
      "--sigma",
      "5",
    ];
    const { code, stderr } = await fovea([...args, ...onReference], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/fovea: cut\.png .*\n/);
    expect(stderr).toMatch(
      /fovea: 1 of 3 images could not be enhanced: cut\.png; the messages above say why\.\n$/,
    );
    expect(fs.readdirSync(inside("several"))).toEqual(["0.png", "1.png"]);
  });

  it("FOVEA_DEBUG=1 shows the stack", async () => {
    const { code, stderr } = await fovea(enhance("cut.png", "--model", "run"), folder, { FOVEA_DEBUG: "1" });
    expect(code).toBe(1);
    expect(stderr).toContain("    at ");
  });
});
