// The texts that a page about a trace shows or is made of, from where the package keeps them: the sources of the gradient rules, and
// the page's own style and scripts. The inspect room's one file that touches the disk.

import fs from "node:fs";
import { createRequire } from "node:module";
import { UserError } from "../base/errors.js";

/** Both src/inspect and dist/inspect lie two folders below the package. */
const packageFile = (name: string): URL => new URL(`../../${name}`, import.meta.url);

/** Where a rule stands in src/, and its text. */
export interface RuleSource {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** What begins an operation's rule: differentiable("matMul", or a family's own helper with the name first. */
const beginning = /\b(?:differentiable|binary|reduced|extreme)\(\s*["`](\w+)["`]/;

/** Every operation's rule by its name on the tape; of max and min the one over axes as "max 1". */
export function ruleSources(): Map<string, RuleSource> {
  const sources = new Map<string, RuleSource>();
  const folder = packageFile("src/ops/");
  if (!fs.existsSync(folder)) return sources;
  for (const name of fs.readdirSync(folder).filter((file) => file.endsWith(".ts"))) {
    const lines = fs.readFileSync(new URL(name, folder), "utf8").split("\n");
    for (const [i, line] of lines.entries()) {
      const operation = beginning.exec(line + (lines[i + 1] ?? ""))?.[1];
      if (operation === undefined || !/\b(?:differentiable|binary|reduced|extreme)\(/.test(line)) continue;
      const shared = lines.findIndex(
        (other) => line.includes("extreme(") && other.startsWith("const extreme "),
      );
      const from = shared >= 0 ? shared : /^\s*(?:binary|reduced)\(/.test(line) ? i - 1 : i;
      const key = line.includes("reduced") || line.includes("extreme") ? `${operation} 1` : operation;
      sources.set(key, { file: `src/ops/${name}`, line: from + 1, text: statement(lines, from) });
    }
  }
  return sources;
}

/** The rule of an operation on the tape; `inputs` tells max of two tensors from max over axes. */
export function ruleSourceOf(
  sources: ReadonlyMap<string, RuleSource>,
  operation: string,
  inputs: number,
): RuleSource | undefined {
  const overAxes = inputs === 1 ? sources.get(`${operation} 1`) : undefined;
  return overAxes ?? sources.get(operation) ?? unaryRule(operation);
}

/** Activations share one rule, with f' from the kernel's specification. */
function unaryRule(operation: string): RuleSource | undefined {
  const file = packageFile("src/backend/reference/functions.ts");
  if (!fs.existsSync(file)) return undefined;
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const at = lines.findIndex((line) => line.startsWith(`  ${operation.replace(/Grad$/, "")}: {`));
  if (at < 0) return undefined;
  return { file: "src/backend/reference/functions.ts", line: at + 1, text: statement(lines, at) };
}

/** From a line on until its brackets are closed. */
function statement(lines: readonly string[], from: number): string {
  let depth = 0;
  const taken: string[] = [];
  for (const line of lines.slice(from, from + 20)) {
    taken.push(line);
    for (const character of line) depth += "([{".includes(character) ? 1 : ")]}".includes(character) ? -1 : 0;
    if (depth <= 0 && /[;,{]$/.test(line)) break;
  }
  const indent = Math.min(...taken.filter((line) => line !== "").map((line) => /^ */.exec(line)![0].length));
  return taken.map((line) => line.slice(indent)).join("\n");
}

/** The page's style and its scripts in the order in which they build on each other, as one module. */
export function pageAssets(): { style: string; script: string } {
  const folder = packageFile("src/inspect/page/");
  const read = (name: string): string => {
    try {
      return fs.readFileSync(new URL(name, folder), "utf8");
    } catch {
      throw new UserError(
        `The page's ${name} is missing from the package's src/inspect/page; install it again.`,
      );
    }
  };
  const order: string[] = [];
  const visit = (name: string): void => {
    if (order.includes(name)) return;
    for (const [, inner] of read(name).matchAll(/from "\.\/([\w-]+\.js)";/g)) visit(inner);
    order.push(name);
  };
  visit("main.js");
  return { style: read("style.css"), script: order.map((name) => joined(read(name))).join("\n") };
}

/** A training report's style and script, and those of the library that draws its curves. Throws a UserError where that is missing. */
export function reportAssets(): { style: string; script: string; libraryStyle: string; library: string } {
  const require = createRequire(import.meta.url);
  const own = (name: string) => fs.readFileSync(packageFile(`src/inspect/report/${name}`), "utf8");
  const library = (name: string) => fs.readFileSync(require.resolve(`uplot/dist/${name}`), "utf8");
  try {
    return {
      ...{ style: own("style.css"), script: own("report.js") },
      ...{ libraryStyle: library("uPlot.min.css"), library: library("uPlot.iife.min.js") },
    };
  } catch {
    throw new UserError(
      "A part of the training report is missing; install the package again, with its dependency uplot.",
    );
  }
}

/** A module's text without its imports and exports: all of the page's modules share one scope. */
const joined = (text: string): string =>
  text.replace(/^import [^;]*;\n/gm, "").replace(/^export (?=const|function|class|let)/gm, "");
