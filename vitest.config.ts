// How the tests run: every file in a process of its own. FOVEA_TEST_JSON names a file for the machine-read result.
import { defineConfig } from "vitest/config";

const json = process.env.FOVEA_TEST_JSON;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
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
