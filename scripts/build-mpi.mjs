// Builds the MPI addon, build/Release/fovea_mpi.node, with the MPI library's own compiler command: mpicxx, or what MPICXX names. The
// addon belongs to that library's launcher. `npm install` in a checkout runs it with `--if-possible`: without mpicxx it says nothing and
// builds nothing. In the published package `fovea build-addon --mpi` runs it. `--out FILE` writes elsewhere, `--force` builds anew.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const argument = (name) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
const out = resolve(argument("--out") ?? join(root, "build", "Release", "fovea_mpi.node"));
const stampFile = `${out}.stamp`;
const folder = join(root, "native", "mpi");
const compiler = process.env.MPICXX || "mpicxx";
const installed = /[\\/]node_modules[\\/]/.test(root);
const again = installed ? "npx fovea build-addon --mpi" : "npm run build:mpi";

function main() {
  const shown = spawnSync(compiler, ["-show"], { encoding: "utf8" });
  if (shown.status !== 0) {
    if (process.argv.includes("--if-possible")) return;
    return fail(
      `the MPI compiler ${compiler} was not found (apt-get install libopenmpi-dev openmpi-bin, or libmpich-dev mpich; then ${again})`,
    );
  }
  const sources = readdirSync(folder).sort();
  const stamp = fingerprint(sources, shown.stdout);
  const isBuilt = existsSync(out) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (isBuilt && !process.argv.includes("--force")) return console.log("fovea: the MPI addon is up to date");
  mkdirSync(dirname(out), { recursive: true });
  console.log(`fovea: building the MPI addon with ${compiler} ...`);
  const half = `${out}.${process.pid}.tmp`;
  const { status, stderr } = spawnSync(compiler, [...flags(), ...files(sources), "-o", half], {
    encoding: "utf8",
  });
  if (status !== 0) {
    rmSync(half, { force: true });
    rmSync(out, { force: true });
    process.stderr.write(stderr);
    return fail("the MPI addon could not be built; the compiler's messages are above");
  }
  renameSync(half, out);
  writeFileSync(stampFile, stamp);
  console.log("fovea: built the MPI addon");
}

/** Never fails an installation: the addon is for those who have several machines. */
function fail(what) {
  console.error(`fovea: ${what}`);
  if (!process.argv.includes("--if-possible")) process.exitCode = 1;
}

const files = (sources) => sources.filter((name) => name.endsWith(".cc")).map((name) => join(folder, name));

function flags() {
  const include = ["node-api-headers", "node-addon-api"].flatMap((name) => {
    const { include_dir } = require(name);
    // Relative to the working directory in one of the two, absolute in the other.
    return ["-isystem", resolve(include_dir)];
  });
  const ofSystem =
    process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : ["-Wl,-z,nodelete", "-Wl,--as-needed"];
  return [
    ...["-std=c++20", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra"],
    ...(installed ? [] : ["-Werror"]),
    ...["-DNAPI_VERSION=8", "-DNODE_ADDON_API_DISABLE_DEPRECATED", "-DNAPI_CPP_EXCEPTIONS"],
    ...include,
    ...ofSystem,
  ];
}

/** A hash of everything the addon is made from; what the compiler shows names the library. */
function fingerprint(sources, shown) {
  const hash = createHash("sha256").update(shown).update(process.arch);
  for (const name of sources)
    hash
      .update(name)
      .update("\0")
      .update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

main();
