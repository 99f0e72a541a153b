// Compiles src/ into dist/: first the shaders are embedded, then tsc runs. `npm install` in a checkout runs it too;
// there, without the development dependencies, it says that it was skipped.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function run(script, ...args) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

let compiler;
try {
  compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
} catch {
  console.log("fovea: dist/ is not built, the development dependency typescript is not installed.");
  process.exit(process.argv.includes("--if-possible") ? 0 : 1);
}
const embed = join(root, "scripts", "embed-shaders.mjs");
if (existsSync(embed)) run(embed);
// What tsc remembers lies in dist/, so that removing dist/ also makes it forget.
run(compiler, "-p", "tsconfig.json", "--incremental", "--tsBuildInfoFile", "dist/.tsbuildinfo");
// The door for TypeScript's CommonJS: Node's require() loads ES modules from 20.19 on, which TypeScript under "node16" does not know.
writeFileSync(join(root, "dist", "index.d.cts"), '// @ts-ignore\nexport * from "./index.js";\n');
