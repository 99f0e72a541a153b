// The pages of docs/: their programs print what they say, their names and flags exist, their figures are those that are drawn today.
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import * as library from "../../src/index.js";
import { fovea, temporaryFolder } from "./fovea.js";

interface Snippets {
  pagesWithPrograms(): string[];
  runPage(page: string): string | undefined;
}
interface Figures {
  figures: Record<string, () => string | Promise<string>>;
}
const root = path.resolve(import.meta.dirname, "../..");
const script = (name: string): Promise<unknown> => import(path.join(root, "scripts", name));
const { pagesWithPrograms, runPage } = (await script("docs-snippets.mjs")) as Snippets;
const read = (page: string): string => fs.readFileSync(path.join(root, page), "utf8");

describe("programs", () => {
  it("are in all ten pages of the book, and in the guides", () => {
    const pages = pagesWithPrograms().map((page) => page.split(path.sep).join("/"));
    expect(pages.filter((page) => page.includes("backpropagation/"))).toHaveLength(10);
    expect(pages).toContain("docs/from-keras.md");
  });
  it.each(pagesWithPrograms())("%s prints what it says", (page) => {
    expect(runPage(page)).toBeUndefined();
  });
});

it("blocks of code that name a file are what stands there", () => {
  const pages = fs.readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" });
  const quoted = pages
    .filter((name) => name.endsWith(".md"))
    .flatMap((page) => [...read(path.join("docs", page)).matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)]);
  expect(quoted.length).toBeGreaterThan(5);
  for (const [, file, code] of quoted) expect(read(file), file).toContain(code.trim());
});

describe("names side by side", () => {
  const known = (name: string): boolean => {
    const [first, member] = name.split(".");
    const found = (library as unknown as Record<string, { prototype: object } | undefined>)[first];
    if (member === undefined || found === undefined) return found !== undefined;
    const instance = first === "Tensor" ? library.tensor(1) : found.prototype;
    return member in instance;
  };
  it.each(["docs/from-keras.md", "docs/from-pytorch.md"])("of %s exist", (page) => {
    const rows = read(page).split("\n").filter((line) => /^\| .* \| .* \|$/.test(line)); // prettier-ignore
    const names = rows.flatMap((row) =>
      [
        ...row
          .split("|")
          .at(-2)!
          .matchAll(/`([^`]+)`/g),
      ].map(([, name]) => name),
    );
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !known(name))).toEqual([]);
  });
  it("and the check finds one that does not", () => {
    expect([known("Model.fit"), known("Model.fitt"), known("Dens")]).toEqual([true, false, false]);
  });
});

it("every flag in the pages is one of its command", async () => {
  const folder = temporaryFolder();
  const pages = [
    "docs/enhancing-pictures.md",
    "docs/writing-a-kernel.md",
    "README.md",
    "docs/backpropagation/10-the-u-shaped-autoencoder.md",
  ];
  const used = new Map<string, Set<string>>();
  for (const page of pages)
    for (const [, command, rest] of read(page).matchAll(/^(?:npx )?fovea ([\w-]+)(.*)$/gm)) {
      const flags = used.get(command) ?? new Set();
      for (const [flag] of rest.split("#")[0].matchAll(/(?<=\s)--?[a-z][\w-]*/g)) flags.add(flag);
      used.set(command, flags);
    }
  expect(used.size).toBeGreaterThan(4);
  for (const [command, flags] of used) {
    const { stdout } = await fovea([command, "--help"], folder);
    for (const flag of flags)
      expect(stdout, `fovea ${command} ${flag}`).toMatch(new RegExp(`(^|[\\s,])${flag}\\b`, "m"));
  }
});

it("figures are as they are drawn today", async () => {
  const { figures } = (await script("docs-figures.mjs")) as Figures;
  for (const [name, draw] of Object.entries(figures))
    expect(await draw(), name).toBe(read(path.join("docs/figures", name)));
});

it("every link in the pages leads to a file", () => {
  const pages = fs.readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" });
  for (const page of pages.filter((name) => name.endsWith(".md")))
    for (const [, target] of read(path.join("docs", page))
      .replaceAll(/^```.*?^```$/gms, "")
      .matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect(fs.existsSync(path.join(root, "docs", path.dirname(page), target)), `${page}: ${target}`).toBe(
        true,
      );
});
