// How the tests run: every file in a process of its own, in four projects. FOVEA_TEST_JSON names a file for the machine-read result.
import { defineConfig } from "vitest/config";
import "./scripts/embed-shaders.mjs"; // which a fresh checkout lacks

const json = process.env.FOVEA_TEST_JSON;

/** `unit` needs no build: it runs the sources, and skips what needs the addon where there is none. */
const folders = {
  unit: ["unit", "grad"],
  conformance: ["conformance", "golden"],
  process: ["process"],
  browser: ["browser"],
};

export default defineConfig({
  test: {
    projects: Object.entries(folders).map(([name, inside]) => ({
      extends: true,
      test: {
        name,
        include: inside.map((folder) => `test/${folder}/**/*.test.ts`),
        // Browsers come when the cores are free: each has threads for all of them, and shaders computed by software.
        ...(name === "browser" && {
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        }),
      },
    })),
    pool: "forks",
    // Software Vulkan and child processes are slow on a busy machine; nothing here measures time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: [
      "default",
      "./test/skipped-reporter.ts",
      ...(json ? [["json", { outputFile: json }] as ["json", { outputFile: string }]] : []),
    ],
  },
});
