// fovea enhance and the disk: what it takes for an input, what it never overwrites, what it says of files that fail, how it ends
// when it is stopped.

import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  fovea,
  gentle,
  jsonLines,
  makeImages,
  onReference,
  start,
  temporaryFolder,
  tinyNetwork,
} from "./fovea.js";

let home: string;
let folder: string;
let count = 0;
const inside = (name: string): string => path.join(folder, name);
const below = (): string[] => fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

beforeAll(async () => {
  home = temporaryFolder();
  await makeImages(path.join(home, "images"), 3);
  const args = ["train", "--data", "images", "--steps", "2", "--out", "run", ...tinyNetwork, ...onReference];
  expect(await fovea(args, home)).toMatchObject({ code: 0 });
  gentle(path.join(home, "run"));
});
afterAll(() => fs.rmSync(home, { recursive: true, force: true }));
beforeEach(async () => {
  folder = path.join(home, `case-${count++}`);
  await makeImages(inside("photos"), 2);
});

const options = ["--model", "../run", "--sigma", "5", "--json", ...onReference];
const enhance = (...args: string[]) => fovea(["enhance", ...args, ...options], folder);
const inputsOf = (text: string) => jsonLines(text).map(({ input, file }) => input ?? file);

describe("inputs", () => {
  it("results of earlier runs are left out, whoever names them", async () => {
    fs.copyFileSync(inside("photos/1.png"), inside("photos/0.enhanced.png"));
    for (const names of [["photos/0.enhanced.png", "photos/1.png"], ["photos"], ["photos/*.png"]]) {
      const { stdout, stderr, code } = await enhance(...names, "-o", `to${names.length}${names[0].length}`);
      expect(inputsOf(stdout)).not.toContain("photos/0.enhanced.png");
      expect(inputsOf(stdout)).toContain("photos/1.png");
      expect(stderr).toContain("Left out as results of fovea enhance: photos/0.enhanced.png.");
      expect(code).toBe(0);
    }
    const only = await enhance("photos/0.enhanced.png");
    expect(only).toMatchObject({ code: 1, stdout: "" });
    expect(only.stderr).toContain("rename them");
  });

  it("folders with what is below them keep their tree; kinds that are not read are counted", async () => {
    fs.mkdirSync(inside("photos/trip/day"), { recursive: true });
    fs.copyFileSync(inside("photos/0.png"), inside("photos/trip/day/0.png"));
    fs.symlinkSync("..", inside("photos/trip/again"));
    for (const name of ["photos/c.heic", "photos/d.gif", "photos/notes.txt"])
      fs.writeFileSync(inside(name), "x");
    const { code, stderr } = await enhance("photos", "--recursive", "-o", "photos/better");
    expect(code).toBe(0);
    expect(stderr).toContain("Passed over, as Fovea does not read their kinds: photos/c.heic, photos/d.gif;");
    const made = () => below().filter((name) => name.startsWith("photos/better/") && name.endsWith(".png"));
    expect(made()).toEqual(["photos/better/0.png", "photos/better/1.png", "photos/better/trip/day/0.png"]);
    // Again, with the results below the folder: they are no inputs.
    const again = await enhance("photos", "--recursive", "--force", "-o", "photos/better");
    expect(inputsOf(again.stdout)).toEqual(["photos/0.png", "photos/1.png", "photos/trip/day/0.png"]);
    expect(made()).toHaveLength(3);
    const flat = await enhance("photos", "-o", "flat");
    expect(inputsOf(flat.stdout)).toEqual(["photos/0.png", "photos/1.png"]);
    expect(inputsOf((await enhance("photos/?.png", "photos/t*", "-o", "few")).stdout)).toHaveLength(3);
  });

  it("one that fails stops nobody, has a line of its own, and is named at the end", async () => {
    fs.writeFileSync(inside("photos/a.png"), "");
    const { code, stdout, stderr } = await enhance("photos", "none.png", "n*ne.png", "-o", "to");
    expect(code).toBe(1);
    expect(inputsOf(stdout).sort()).toEqual([
      "n*ne.png",
      "none.png",
      "photos/0.png",
      "photos/1.png",
      "photos/a.png",
    ]);
    const failures = jsonLines(stdout).filter((line) => "error" in line);
    expect(failures).toHaveLength(3);
    for (const { error } of failures) expect(error).toMatch(/^[^\n]+\.$/);
    expect(stderr).toMatch(
      /3 of 5 images could not be enhanced: none\.png, n\*ne\.png, photos\/a\.png;.*\n$/,
    );
    const single = await enhance("photos/a.png", "-o", "x.png");
    expect(single.code).toBe(1);
    expect(jsonLines(single.stdout)).toEqual([
      { file: "photos/a.png", error: "photos/a.png is empty, not an image; get the file again." },
    ]);
  });

  for (const name of [
    "a b.png",
    "ü 你.png",
    "%41.png",
    "#1.png",
    "[1].png",
    "a*b.png",
    `${"n".repeat(200)}.png`,
    "q?'\".png",
  ])
    it(`${name.slice(0, 20)} is a name like any other`, async () => {
      fs.copyFileSync(inside("photos/0.png"), inside(name));
      expect(await enhance(name)).toMatchObject({ code: 0 });
      expect(fs.existsSync(inside(name.replace(/\.png$/, ".enhanced.png")))).toBe(true);
    });
});

describe("outputs", () => {
  it("nothing that is there is overwritten without --force, and a file's permissions stay", async () => {
    fs.writeFileSync(inside("photos/0.enhanced.png"), "mine");
    const refused = await enhance("photos");
    expect(refused.code).toBe(1);
    expect(jsonLines(refused.stdout)).toMatchObject([
      { file: "photos/0.png", error: expect.stringContaining("exists already; add --force") as string },
      { input: "photos/1.png" },
    ]);
    expect(fs.readFileSync(inside("photos/0.enhanced.png"), "utf8")).toBe("mine");
    fs.chmodSync(inside("photos/0.enhanced.png"), 0o640);
    expect(await enhance("photos/0.png", "--force")).toMatchObject({ code: 0 });
    const { size, mode } = fs.statSync(inside("photos/0.enhanced.png"));
    expect(size).toBeGreaterThan(50);
    expect(mode & 0o777).toBe(0o640);
  });

  it("no result takes an input's place, its own or another's, through links neither", async () => {
    fs.mkdirSync(inside("other"));
    fs.copyFileSync(inside("photos/1.png"), inside("other/0.png"));
    fs.symlinkSync("photos", inside("link"));
    const before = fs.readFileSync(inside("photos/0.png"));
    for (const args of [
      ["photos", "-o", "photos"],
      ["photos/0.png", "-o", "link"],
      ["other/0.png", "photos/0.png", "-o", "photos"],
      ["photos/0.png", "-o", "photos/0.png"],
    ]) {
      const { code, stderr, stdout } = await enhance(...args, "--force");
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/would overwrite/);
    }
    expect(fs.readFileSync(inside("photos/0.png"))).toEqual(before);
  });

  it("a folder that cannot be written to is found before anything is read", async () => {
    fs.writeFileSync(inside("file"), "");
    const { code, stdout, stderr } = await enhance("photos", "-o", "file/below");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^fovea: Cannot write into file\/below: .* not a folder\.\n$/);
    expect(await enhance("photos", "-o", "new/er")).toMatchObject({ code: 0 });
  });

  it("a name that is not UTF-8 is told by name, and the others are enhanced", async (context) => {
    if (process.platform !== "linux") return context.skip("this system's names are Unicode");
    fs.copyFileSync(inside("photos/0.png"), Buffer.concat([Buffer.from(inside("photos/")), Buffer.from([0xe9, 0x2e, 0x70, 0x6e, 0x67])])); // prettier-ignore
    const { code, stderr, stdout } = await enhance("photos", "-o", "to");
    expect(code).toBe(1);
    expect(stderr).toContain("its name is not UTF-8; rename it.");
    expect(jsonLines(stdout).filter(({ input }) => input !== undefined)).toHaveLength(2);
  });

  it("tiles that are mostly overlap are said to be", async () => {
    await makeImages(inside("big"), 1, 200);
    const small = await enhance("big/0.png", "-o", "a.png", "--tile", "64");
    expect(small.stderr).toMatch(/tiles of 64 overlap by \d+ pixels, .* up to [\d.]+ times; --tile \d+/);
    const large = await enhance("big/0.png", "-o", "b.png", "--tile", "160");
    expect(large).toMatchObject({ code: 0 });
    expect(large.stderr).not.toContain("overlap");
  });

  it("the longest name that the disk takes has room for the temporary file", async () => {
    const name = `${"x".repeat(251)}.png`;
    expect(await enhance("photos/0.png", "-o", name)).toMatchObject({ code: 0 });
    expect(below()).toContain(name);
  });
});

describe("stopped from outside", () => {
  const slow = ["enhance", "large.png", "--tile", "64", "--model", "../run", "--sigma", "9", ...onReference];
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    it(`${signal} ends it with ${code} and leaves nothing behind`, async () => {
      await makeImages(inside("big"), 1, 900);
      fs.renameSync(inside("big/0.png"), inside("large.png"));
      const running = start(slow, folder);
      await running.printed("tile ");
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ code, stdout: "" });
      expect(below().filter((name) => /large|tmp/.test(name))).toEqual(["large.png"]);
    });

  it("a reader that has read enough ends it in order with SIGPIPE's code", async () => {
    const running = start(["enhance", "photos", "-o", "to", ...options], folder);
    running.child.stdout.destroy();
    const { code, stderr } = await running.ended;
    expect(code).toBe(141);
    expect(stderr).not.toContain("fovea:");
    expect(below().filter((name) => name.includes("tmp"))).toEqual([]);
  });
});
