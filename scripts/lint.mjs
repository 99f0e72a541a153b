// `npm run lint`: ESLint without a warning, Prettier and clang-format without a difference. `--fix` (npm run format)
// rewrites instead. Runs all three even when one complains.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const fix = process.argv.includes("--fix");
let failed = 0;

function check(title, command, args) {
  console.log(`${title} ...`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) console.error(`${title}: ${error.message}`);
  if (status !== 0) failed++;
}

/** A development dependency's command, run by this Node. */
function checkWith(name, args) {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = require(manifest);
  check(name, process.execPath, [join(manifest, "..", typeof bin === "string" ? bin : bin[name]), ...args]);
}

checkWith("prettier", [fix ? "--write" : "--check", "--log-level", "warn", "."]);
checkWith("eslint", ["--max-warnings", "0", ...(fix ? ["--fix"] : []), "."]);

const native = join(root, "native");
const sources = existsSync(native)
  ? readdirSync(native, { recursive: true }).filter((name) => /\.(cc|h)$/.test(name))
  : [];
const clangFormat = spawnSync("clang-format", ["--version"], { encoding: "utf8" });
if (clangFormat.error) console.log("clang-format is not installed: native/ was not checked.");
else if (sources.length > 0)
  check(clangFormat.stdout.trim(), "clang-format", [
    ...(fix ? ["-i"] : ["--dry-run", "-Werror"]),
    ...sources.map((name) => join("native", name)),
  ]);

if (failed > 0) {
  if (!fix) console.error("Formatting is mended by: npm run format");
  process.exit(1);
}
