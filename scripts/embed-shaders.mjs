// Embeds shaders/**/*.wgsl into src/backend/webgpu/shaders.generated.ts, so that nothing is read from disk at run time
// and the engine also runs in a browser. A line `#include "folder/file.wgsl"` is replaced by that file of shaders/,
// once per shader. Files of shaders/include/ and shaders/gemm/ are only ever included. `scripts/build-ts.mjs` runs this.
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const shaders = join(root, "shaders");
const target = join(root, "src", "backend", "webgpu", "shaders.generated.ts");

/** The file's text with its includes in place; `seen` holds what this shader has already. */
function expand(name, seen = new Set()) {
  seen.add(name);
  const file = join(shaders, name);
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const included = /^#include "([^"]+)"$/.exec(line.trimEnd())?.[1];
      if (included === undefined) return [line];
      if (!existsSync(join(shaders, included)))
        throw new Error(
          `${relative(root, file)}:${index + 1} includes ${included}, which is not in shaders/`,
        );
      return seen.has(included) ? [] : [expand(included, seen).trimEnd()];
    })
    .join("\n");
}

const names = readdirSync(shaders, { recursive: true })
  .map((name) => name.split(sep).join("/"))
  .filter((name) => name.endsWith(".wgsl") && !/^(include|gemm)\//.test(name))
  .sort();
const entries = names.map(
  (name) => `  ${JSON.stringify(name.slice(0, -5))}:\n    ${JSON.stringify(expand(name))},`,
);
const text = `// Made by scripts/embed-shaders.mjs from shaders/; not edited by hand.
export const shaders = {
${entries.join("\n")}
} satisfies Record<string, string> as Readonly<Record<ShaderName, string>>;

export type ShaderName =
${names.map((name) => `  | ${JSON.stringify(name.slice(0, -5))}`).join("\n")};
`;
if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
  writeFileSync(`${target}.tmp`, text);
  renameSync(`${target}.tmp`, target);
}
