// Builds the native addon, build/Release/fovea.node, with cmake-js. `npm install` in a checkout runs it, so it never fails an
// installation: without a compiler, or after a failed build, it says so in one line. Nothing is downloaded: Node-API's headers come
// from the packages node-api-headers and node-addon-api, which CMakeLists.txt finds. In the published package, which lacks cmake-js,
// `fovea build-addon` runs it, and CMake does the same by itself. `--required` makes a missing addon an error; `--force` builds what seems up to date, too. FOVEA_ISAS names the
// instruction sets, as in CMakeLists.txt.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const addon = join(root, "build", "Release", "fovea.node");
const stampFile = `${addon}.stamp`;
const logFile = join(root, "build", "addon.log");
const installed = /[\\/]node_modules[\\/]/.test(root);
const isas = process.env.FOVEA_ISAS || "host";
const required = process.argv.includes("--required");
const force = process.argv.includes("--force");

function main() {
  if (!existsSync(join(root, "CMakeLists.txt"))) return giveUp("CMakeLists.txt is not there");
  const stamp = fingerprint();
  const built = existsSync(addon) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (built && !force && !loadProblem()) {
    console.log(`fovea: the native addon is up to date (${relative(process.cwd(), addon)})`);
    return;
  }
  const missing = missingTools();
  if (missing.length > 0) return giveUp(`not found: ${missing.join(", ")}`, installHint());
  mkdirSync(join(root, "build", "Release"), { recursive: true });
  forgetForeignCache();
  rmSync(logFile, { force: true });
  console.log("fovea: building the native addon, which takes a minute or two ...");
  const started = performance.now();
  if (!compile() || !existsSync(addon)) return giveUp("the build failed", `see ${logFile}`);
  const problem = loadProblem();
  if (problem) return giveUp("the built addon does not load", problem);
  writeFileSync(stampFile, stamp);
  console.log(`fovea: built the native addon in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/** Runs a program in the package's folder; what it prints goes to the log. */
function run(program, args) {
  const log = openSync(logFile, "a");
  const { status } = spawnSync(program, args, { cwd: root, stdio: ["ignore", log, log] });
  closeSync(log);
  return status === 0;
}

function compile() {
  const output = join(root, "build", "Release");
  const settings = Object.entries({
    NODE: process.execPath,
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: output,
    CMAKE_RUNTIME_OUTPUT_DIRECTORY: output, // where Windows looks for it
    FOVEA_ISAS: isas,
    // A newer compiler may warn of more; that is for those who change the code, not for those who install it.
    FOVEA_WERROR: installed ? "OFF" : "ON",
  }).map((setting) => setting.join("="));
  const building = ["--config", "Release", "--parallel", String(availableParallelism())];
  const cmakeJs = join(root, "node_modules", "cmake-js", "bin", "cmake-js");
  if (existsSync(cmakeJs)) {
    const flags = [...building, ...(onPath("make") ? ["--prefer-make"] : []), "--out", "build"];
    const defines = settings.map((define) => `--CD${define}`);
    // "build" alone would keep the settings of the time before.
    return ["configure", "build"].every((step) =>
      run(process.execPath, [cmakeJs, step, ...flags, ...defines]),
    );
  }
  const defines = ["CMAKE_BUILD_TYPE=Release", ...settings].map((define) => `-D${define}`);
  return (
    run("cmake", ["-S", ".", "-B", "build", ...defines]) && run("cmake", ["--build", "build", ...building])
  );
}

function giveUp(what, hint) {
  // An addon of older sources would answer to calls that have changed since.
  rmSync(addon, { force: true });
  const tail = hint ? ` (${hint})` : "";
  console.log(`fovea: no native addon was built, ${what}${tail}`);
  if (required) process.exitCode = 1;
}

/** What a build needs and this machine lacks, in words. */
function missingTools() {
  const missing = [];
  if (!onPath("cmake")) missing.push("cmake");
  // On Windows CMake finds Visual Studio by itself, and says so in the log when it cannot.
  if (process.platform !== "win32") {
    const compiler = process.env.CXX?.split(" ")[0];
    if (!(compiler ? onPath(compiler) : ["c++", "g++", "clang++"].some(onPath)))
      missing.push("a C++ compiler");
    if (!["make", "ninja", "gmake"].some(onPath)) missing.push("make");
  }
  return missing;
}

function onPath(program) {
  const endings = process.platform === "win32" ? [".exe", ".cmd"] : [""];
  const folders = program.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => endings.some((ending) => existsSync(join(folder, program + ending))));
}

function installHint() {
  const again = installed ? "npx fovea build-addon" : "npm run build:addon";
  if (process.platform === "darwin") return `xcode-select --install && brew install cmake, then ${again}`;
  if (process.platform === "win32") return `install CMake and the Visual Studio build tools, then ${again}`;
  if (onPath("apt-get")) return `apt-get install cmake g++ make, then ${again}`;
  return `install cmake, g++ and make with the system's package manager, then ${again}`;
}

/** A hash of everything the addon is made from. */
function fingerprint() {
  const hash = createHash("sha256");
  const native = filesUnder(join(root, "native")).filter(
    (file) => !/[\\/](tests|bench|mpi)[\\/]/.test(relative(root, file)),
  );
  const sources = [join(root, "CMakeLists.txt"), ...native];
  for (const file of sources)
    hash.update(relative(root, file)).update("\0").update(readFileSync(file)).update("\0");
  for (const name of ["node-addon-api", "node-api-headers"])
    hash.update(name + readFileSync(require.resolve(`${name}/package.json`), "utf8"));
  hash.update([process.platform, process.arch, process.env.CXX, process.env.CXXFLAGS, isas].join("\0"));
  return hash.digest("hex");
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

/** CMake refuses a cache that was made for another folder or by a CMake that is gone: start afresh then. */
function forgetForeignCache() {
  const cacheFile = join(root, "build", "CMakeCache.txt");
  if (!existsSync(cacheFile)) return;
  const cache = readFileSync(cacheFile, "utf8");
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(cache)?.[1];
  const tools = [...cache.matchAll(/^CMAKE_(?:COMMAND|CXX_COMPILER)(?::\w+)=(.*)$/gm)].map(
    (match) => match[1],
  );
  if (home && join(home, "/") === join(root, "/") && tools.every((tool) => existsSync(tool))) return;
  rmSync(cacheFile);
  rmSync(join(root, "build", "CMakeFiles"), { recursive: true, force: true });
}

/** Loads the addon in a process of its own, so that a crash there is only a message here. */
function loadProblem() {
  const run = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(addon)})`], { encoding: "utf8" });
  if (run.status === 0) return undefined;
  return run.signal
    ? `it ended with ${run.signal}`
    : (/^\w*Error.*$/m.exec(run.stderr)?.[0] ?? `exit code ${run.status}`);
}

main();
