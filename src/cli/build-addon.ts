// fovea build-addon: builds the C++ addon from the sources in the package, for platforms without a prebuilt one. The work is that of
// scripts/build-addon.mjs, which is plain JavaScript because a checkout runs it before there is a dist/.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { examineNative } from "./doctor/findings.js";
import { jsonOption } from "./options.js";
import { print, printJson } from "./session.js";

export const buildAddonCommand = (): Command =>
  new Command("build-addon")
    .description(
      "Builds the C++ addon for this machine, with CMake and a C++20 compiler. The package brings one for common platforms; " +
        "one that is built here comes first.",
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea build-addon
  fovea build-addon --json`,
    )
    .action(buildAddon);

async function buildAddon({ json }: { json?: boolean }): Promise<void> {
  const script = fileURLToPath(new URL("../../scripts/build-addon.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script, "--required"], {
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  const finding = await examineNative();
  if (json) printJson({ ...finding });
  else print(`${finding.part}: ${finding.summary}`);
}
