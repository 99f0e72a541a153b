// The networks that come with Fovea: weights/NAME.safetensors, each with its card NAME.md. What is there is what the folder
// holds; reading a network itself is files.ts's business.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Beside src/ and dist/ alike; FOVEA_WEIGHTS names another folder. */
const folder = process.env.FOVEA_WEIGHTS ?? fileURLToPath(new URL("../../weights/", import.meta.url));
const ending = ".safetensors";

export interface BundledModel {
  /** What `--model` and the library's `model` take. */
  readonly name: string;
  readonly file: string;
  /** In Markdown: how it was trained, on what, what it scores, its licence. */
  readonly card: string;
}

/** All of them, by name. */
export function bundledModels(): BundledModel[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((file) => file.endsWith(ending));
  return names.sort().map((file) => described(file.slice(0, -ending.length)));
}

/** The one of this name; a file or folder of the same name is given as a path: "./photo". */
export function bundledModel(name: string): BundledModel | undefined {
  const isName = /^[a-z][a-z0-9-]*$/.test(name) && fs.existsSync(path.join(folder, `${name}${ending}`));
  return isName ? described(name) : undefined;
}

function described(name: string): BundledModel {
  const card = path.join(folder, `${name}.md`);
  return {
    name,
    file: path.join(folder, `${name}${ending}`),
    card: fs.existsSync(card) ? fs.readFileSync(card, "utf8") : "",
  };
}
