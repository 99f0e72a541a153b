// The house's rules that neither a linter nor a formatter holds: the width of comments, the size of native/'s rooms, its words.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const filesOf = (folder: string, name: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => name.test(file))
    .map((file) => join(folder, file));

const cpp = filesOf("native", /\.(cc|h)$/);
const sources = [...filesOf("src", /(?<!generated)\.ts$/), ...cpp];
const linesOf = (file: string): string[] => readFileSync(join(root, file), "utf8").split("\n");

describe("the house", () => {
  it("has no comment wider than 140 columns", () => {
    const wide = sources.flatMap((file) =>
      linesOf(file).flatMap((line, i) =>
        line.length > 140 && /^\s*(\/\/|\/\*|\*)/.test(line) ? [`${file}:${i + 1}`] : [],
      ),
    );
    expect(wide).toEqual([]);
  });

  it("has at most 14 sources in a folder of native/", () => {
    const count = new Map<string, number>();
    for (const file of cpp) count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1);
    expect([...count].filter(([, files]) => files > 14)).toEqual([]);
  });

  it("names mechanisms by the field's words (native/README.md)", () => {
    const homeMade = /asked for|asks for|wanted|past the caches|made apart/i;
    const found = [...cpp, join("native", "README.md")].flatMap((file) =>
      linesOf(file).flatMap((line, i) => (homeMade.test(line) ? [`${file}:${i + 1}`] : [])),
    );
    expect(found).toEqual([]);
  });
});
