// Runs the programs in the pages of docs/: all blocks of a page marked `js` are one program, in order, and a block marked `text` right
// after one is what it must print. `--write` puts what is printed into the pages instead.
//   node scripts/docs-snippets.mjs [--write] [PAGE...]
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const between = "\u241e"; // what tells one block's output from the next one's

/** Every page of docs/ that has a program. */
export const pagesWithPrograms = () =>
  readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join("docs", name))
    .filter((page) => /^```js\n/m.test(readFileSync(path.join(root, page), "utf8")))
    .sort();

/** A page's blocks of code with what is printed beneath them. */
const blockPattern = /^```js\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms;

/** What a page's program prints, block by block. Throws what it throws. */
function outputsOf(page, blocks) {
  const program = blocks.map(([, code]) => `${code}console.log(${JSON.stringify(between)});\n`).join("");
  const folder = path.join(root, "build", "docs");
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${page.replace(/[\\/]/g, "-").slice(0, -3)}.mjs`);
  writeFileSync(file, program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`${page}: its program failed.\n${stderr}`);
  return stdout.split(`${between}\n`).slice(0, -1);
}

/** Runs a page; returns what is wrong with it, or undefined, or with `write` mends it. */
export function runPage(page, write = false) {
  const file = path.join(root, page);
  const text = readFileSync(file, "utf8");
  const blocks = [...text.matchAll(blockPattern)];
  const outputs = outputsOf(page, blocks);
  if (write) {
    let i = 0;
    const filled = text.replace(blockPattern, (_all, code) => {
      const output = outputs[i++];
      return `\`\`\`js\n${code}\`\`\`\n${output === "" ? "" : `\n\`\`\`text\n${output}\`\`\`\n`}`;
    });
    writeFileSync(file, filled);
    return undefined;
  }
  for (const [i, [, code, expected = ""]] of blocks.entries())
    if (outputs[i] !== expected)
      return `${page}: this block\n${code}prints\n${outputs[i]}and the page says\n${expected}`;
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes("--write");
  const named = process.argv.slice(2).filter((word) => word !== "--write");
  const wrong = (named.length > 0 ? named : pagesWithPrograms()).flatMap(
    (page) => runPage(page, write) ?? [],
  );
  if (wrong.length > 0) console.error(wrong.join("\n"));
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
