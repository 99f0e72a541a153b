// Builds the WebAssembly modules, wasm/*.wasm, with clang 19 and CMake (native/wasm/CMakeLists.txt). Nothing of the project needs them,
// so without the compiler it says so in one line; `--required` makes that an error. Nothing is downloaded.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const build = join(root, "build", "wasm");
const logFile = join(root, "build", "wasm.log");
const required = process.argv.includes("--required");
const modules = ["simd", "simd-threads", "relaxed-simd-threads"];
const packages = "cmake make clang-19 lld-19 libclang-rt-19-dev-wasm32 libc++-19-dev-wasm32";

function main() {
  const missing = ["cmake", "make", "clang++-19", "wasm-ld-19"].filter((tool) => !onPath(tool));
  if (!existsSync("/usr/include/wasm32-wasi/c++/v1/vector")) missing.push("libc++'s headers for wasm32");
  if (missing.length > 0)
    return giveUp(`not found: ${missing.join(", ")} (on Debian: apt-get install ${packages})`);
  mkdirSync(build, { recursive: true });
  rmSync(logFile, { force: true });
  console.log("fovea: building the WebAssembly modules, which takes a minute or two ...");
  const settings = {
    CMAKE_SYSTEM_NAME: "Generic",
    CMAKE_CXX_COMPILER: "clang++-19",
    CMAKE_CXX_COMPILER_TARGET: "wasm32-wasi",
    CMAKE_TRY_COMPILE_TARGET_TYPE: "STATIC_LIBRARY", // there is no libc to link a program with
  };
  const defined = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  if (
    !cmake("-S", join("native", "wasm"), "-B", build, ...defined) ||
    !cmake("--build", build, "--parallel", String(availableParallelism()))
  )
    return giveUp(`the build failed, see ${logFile}`);
  for (const name of modules) take(name);
}

/** Copies a module to where it is loaded from, whole or not at all. */
function take(name) {
  const built = join(build, `${name}.wasm`);
  const bytes = statSync(built).size;
  const compressed = gzipSync(readFileSync(built), { level: 9 }).length;
  mkdirSync(join(root, "wasm"), { recursive: true });
  const target = join(root, "wasm", `${name}.wasm`);
  copyFileSync(built, `${target}.part`);
  renameSync(`${target}.part`, target);
  console.log(`fovea: wasm/${name}.wasm, ${bytes} bytes, ${compressed} compressed`);
}

function cmake(...args) {
  const log = openSync(logFile, "a");
  const { status } = spawnSync("cmake", args, { cwd: root, stdio: ["ignore", log, log] });
  closeSync(log);
  return status === 0;
}

function giveUp(why) {
  console.log(`fovea: no WebAssembly modules were built, ${why}`);
  if (required) process.exitCode = 1;
}

function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

main();
