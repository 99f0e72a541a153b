// `npm run prebuilds`: makes the addons that the published package carries, prebuilds/PLATFORM-ARCH/fovea.node (prebuildify's layout),
// with all instruction sets inside: this machine's, and on Linux with g++-aarch64-linux-gnu also that for 64-bit ARM. What build/ and
// build-aarch64/ (scripts/cross-aarch64.sh) hold already is not compiled again. It is not called "prebuild", as npm would run that
// before every `npm run build`. On Linux they need glibc and libstdc++ as new as those of the machine that made them: for
// Debian 12 glibc 2.34 and GCC 12's libstdc++. Elsewhere `fovea build-addon` serves.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const prebuilds = join(root, "prebuilds");

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    console.error(`prebuilds: ${error?.message ?? `${command} ended with ${status}`}`);
    process.exit(1);
  }
}

/** Copies the build's addon, without its symbols. */
function take(build, target) {
  const folder = join(prebuilds, target);
  run("cmake", ["--install", build, "--config", "Release", "--strip", "--prefix", folder]);
  console.log(`prebuilds: ${target}, ${statSync(join(folder, "fovea.node")).size} bytes`);
}

rmSync(prebuilds, { recursive: true, force: true });
run(process.execPath, [join(root, "scripts", "build-addon.mjs"), "--required"], { FOVEA_ISAS: "all" });
take("build", `${process.platform}-${process.arch}`);

const crosses = (process.env.PATH ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "aarch64-linux-gnu-g++")));
if (process.platform === "linux" && process.arch === "x64" && crosses) {
  run("bash", [join(root, "scripts", "cross-aarch64.sh")]);
  take("build-aarch64", "linux-arm64");
}
