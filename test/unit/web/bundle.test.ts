// fovea/web has no Node module behind it: bundled for a browser, nothing of Node's is asked for.

import { builtinModules } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";

const entry = path.resolve(import.meta.dirname, "../../../src/web.ts");

it("bundles for a browser without Node's modules", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const imports = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect(imports.length).toBeGreaterThan(100);
  const builtin = new Set(builtinModules);
  expect(imports.filter((name) => name.startsWith("node:") || builtin.has(name))).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((file) => /-node\.ts$|\/files\.ts$/.test(file))).toEqual([]);
  // What a page loads before a model, compressed as servers do.
  expect(gzipSync(outputFiles[0].contents).length).toBeLessThan(300e3);
});
