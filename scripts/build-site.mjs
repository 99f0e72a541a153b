// `npm run site`: makes site/dist, which any web server serves from any path. What it computes with is wasm/ (npm run build:wasm) and
// weights/, which are copied beside the page; without the modules it uses WebGPU or plain TypeScript.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import "./embed-shaders.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = join(root, "site");
const out = join(site, "dist");

const common = {
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
for (const file of ["index.html", "style.css", "icon.svg"]) cpSync(join(site, file), join(out, file));
const pages = ["main.ts", "worker.ts"].map((file) => join(site, "src", file));
await build({ ...common, entryPoints: pages });
if (existsSync(join(root, "wasm"))) cpSync(join(root, "wasm"), join(out, "wasm"), { recursive: true });
else console.log("site: there are no WebAssembly modules; npm run build:wasm makes them");
mkdirSync(join(out, "weights"));
for (const file of readdirSync(join(root, "weights")))
  if (/^(photo|denoise-color|denoise-grey)\.safetensors$/.test(file))
    cpSync(join(root, "weights", file), join(out, "weights", file));

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
