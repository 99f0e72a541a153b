// `npm run site`: makes site/dist (or what --out names), which any web server serves from any path. What it computes with is wasm/ (npm run build:wasm) and
// weights/, which are copied beside the page; without the modules it uses WebGPU or plain TypeScript. It needs dist/ (npm run build:ts).
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import "./embed-shaders.mjs";

const { ruleSourceOf, ruleSources } = await fromDist("inspect/files.js");
const { unaryFunctions } = await fromDist("backend/reference/functions.js");

function fromDist(file) {
  return import(`../dist/${file}`).catch(() => {
    console.error("site: dist/ is not built; run npm run build:ts");
    process.exit(1);
  });
}

const root = fileURLToPath(new URL("..", import.meta.url));
const site = join(root, "site");
const { values } = parseArgs({ options: { out: { type: "string", default: join(site, "dist") } } });
const out = resolve(values.out);

/** A page loads the shaders: without comments (`//#` is a mark) and indentation, and a line that many of them have once. */
const shortShaders = {
  name: "short-shaders",
  setup({ onLoad }) {
    onLoad({ filter: /shaders\.generated\.ts$/ }, ({ path }) => {
      const found = [...readFileSync(path, "utf8").matchAll(/^ {2}("[^"]+"):\n {4}("(?:[^"\\]|\\.)*")/gm)];
      const numbers = new Map();
      const numberOf = (line) => numbers.get(line) ?? numbers.set(line, numbers.size).size - 1;
      const entries = found.map(([, name, text]) => {
        const lines = JSON.parse(text).split("\n");
        const code = lines
          .map((line) => line.replace(/\/\/(?!#).*$/, "").trim())
          .filter((line) => line !== "");
        return `${name}: text([${code.map(numberOf)}])`;
      });
      const contents = `const lines = ${JSON.stringify([...numbers.keys()])};
const text = (numbers) => numbers.map((n) => lines[n]).join("\\n");
export const shaders = { ${entries.join(", ")} };`;
      return { loader: "js", contents };
    });
  },
};

const common = {
  plugins: [shortShaders],
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  outdir: out,
  logLevel: "warning",
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const file of ["index.html", "playground.html", "walk.html", "style.css", "icon.svg"])
  cpSync(join(site, file), join(out, file));
const styles = [join(root, "node_modules/uplot/dist/uPlot.min.css"), join(site, "playground.css")];
writeFileSync(join(out, "playground.css"), styles.map((file) => readFileSync(file, "utf8")).join("\n"));
cpSync(join(root, "src/inspect/page/style.css"), join(out, "walk.css"));

/** The gradient rules' sources, which the walk through a step shows. */
function shownRules() {
  const sources = ruleSources();
  const unary = Object.keys(unaryFunctions).flatMap((name) => {
    const source = ruleSourceOf(sources, name, 1);
    return source ? [[name, source]] : [];
  });
  return Object.fromEntries([...unary, ...sources]);
}

const pages = ["main.ts", "worker.ts", "playground.ts", "playground-worker.ts", "walk.ts"];
await build({
  ...common,
  entryPoints: pages.map((file) => join(site, "src", file)),
  keepNames: true, // the walk tells the layers' classes
  define: { RULE_SOURCES: JSON.stringify(shownRules()) },
});
if (existsSync(join(root, "wasm"))) cpSync(join(root, "wasm"), join(out, "wasm"), { recursive: true });
else console.log("site: there are no WebAssembly modules; npm run build:wasm makes them");
mkdirSync(join(out, "weights"));
for (const file of readdirSync(join(root, "weights")))
  if (file.endsWith(".safetensors")) cpSync(join(root, "weights", file), join(out, "weights", file));

const hash = createHash("sha256");
for (const file of readdirSync(out, { recursive: true }).sort())
  if (/\.\w+$/.test(file)) hash.update(file).update(readFileSync(join(out, file)));
const version = JSON.stringify(hash.digest("hex").slice(0, 12));
await build({
  ...common,
  format: "iife",
  entryPoints: [join(site, "src", "service-worker.ts")],
  define: { VERSION: version },
});
console.log(`site: ${out}, version ${version}`);
