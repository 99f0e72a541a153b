// A name for what dist/ and the addon must agree on: how calls become numbers, and which functions there are. It is a hash of the files
// that say so, without their comments, and stands in src/backend/cpp/interface.ts and native/addon/machine.cc; a test says when
// it no longer holds. `node scripts/interface.mjs` writes it there, then build both.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const sources = [
  "src/backend/attributes.ts",
  "src/backend/cpp/encode.ts",
  "src/backend/cpp/encode-elements.ts",
  "src/backend/cpp/encode-products.ts",
  "src/backend/cpp/engine.ts",
  "native/program/call.h",
  "native/program/kernel_list.h",
  "native/program/numbers.h",
  "native/program/parse.cc",
];
export const holders = ["src/backend/cpp/interface.ts", "native/addon/machine.cc"];

export function interfaceName() {
  const hash = createHash("sha256");
  for (const name of sources) {
    const text = readFileSync(path(name), "utf8");
    hash.update(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replace(/\s+/g, " "));
  }
  return hash.digest("hex").slice(0, 12);
}

/** The name that such a file holds. */
export const heldBy = (name) => /"([0-9a-f]{12})"/.exec(readFileSync(path(name), "utf8"))?.[1];

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const name of holders)
    writeFileSync(
      path(name),
      readFileSync(path(name), "utf8").replace(/"[0-9a-f]{12}"/, `"${interfaceName()}"`),
    );
