// fovea build-addon: builds the C++ addon from the sources in the package, for platforms without a prebuilt one, or the small one that
// binds an MPI library. The work is that of scripts/build-addon.mjs and build-mpi.mjs, which are plain JavaScript because a checkout runs
// them before there is a dist/.

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
    .option(
      "--mpi",
      "build the addon for several machines instead, with mpicxx or what MPICXX names, for that MPI library's launcher",
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea build-addon
  fovea build-addon --json
  MPICXX=mpicxx.mpich fovea build-addon --mpi`,
    )
    .action(buildAddon);

async function buildAddon({ json, mpi }: { json?: boolean; mpi?: boolean }): Promise<void> {
  const name = mpi ? "build-mpi.mjs" : "build-addon.mjs";
  const script = fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script, "--required"], {
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  if (mpi) {
    if (json) printJson({ part: "mpi", works: true });
    return;
  }
  const finding = await examineNative();
  if (json) printJson({ ...finding });
  else print(`${finding.part}: ${finding.summary}`);
}
