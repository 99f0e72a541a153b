// What works here: each part examined by trying it, with the reason where it does not and the one command that mends it.

import fs from "node:fs";
import path from "node:path";

export interface Finding {
  readonly part: "webgpu" | "native" | "wasm" | "reference" | "sharp" | "mpi";
  readonly works: boolean;
  /** One sentence. */
  readonly summary: string;
  /** The one command. */
  readonly remedy?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export async function examineNative(): Promise<Finding> {
  const { addonOrigin, buildCommand, loadAddon, nativeProblem } =
    await import("../../backend/native/addon.js");
  const problem = nativeProblem();
  if (problem !== undefined) {
    const [summary, remedy] = problem.split("; run: ");
    const compiler = ["cmake", "g++", "make"].filter(
      (tool) => !isOnPath(tool) && !(tool === "g++" && isOnPath("clang++")),
    );
    const install =
      compiler.length > 0 ? `${installCommand(["cmake", "g++", "make"])} && ${buildCommand}` : remedy;
    return {
      part: "native",
      works: false,
      summary,
      remedy: install,
      details: compiler.length > 0 ? { "not found": compiler } : {},
    };
  }
  const { isa, isas, cpu, cores, threads, l1, l2, l3 } = loadAddon().info();
  const caches = { L1: kib(l1), L2: kib(l2), L3: kib(l3) };
  return {
    part: "native",
    works: true,
    summary: `the C++ addon runs with ${isa} on ${threads} ${threads === 1 ? "thread" : "threads"}`,
    details: { addon: addonOrigin(), cpu, "physical cores": cores, "instruction sets": isas, caches },
  };
}

export async function examineWasm(): Promise<Finding> {
  const { createWasmBackend } = await import("../../backend/wasm/wasm-backend.js");
  const { nodeSurroundings } = await import("../../backend/wasm/surroundings-node.js");
  try {
    const backend = await createWasmBackend(nodeSurroundings);
    const { isa, threads } = backend.info();
    await backend.close();
    const summary = `WebAssembly runs with ${isa} on ${threads} ${threads === 1 ? "thread" : "threads"}`;
    return { part: "wasm", works: true, summary, details: {} };
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    const [summary, remedy] = message.split("; run: ");
    const compiler = ["clang-19", "lld-19", "libclang-rt-19-dev-wasm32", "libc++-19-dev-wasm32"];
    const install = isOnPath("clang++-19") ? remedy : `${installCommand(compiler)} && ${remedy}`;
    return { part: "wasm", works: false, summary, remedy: remedy && install, details: {} };
  }
}

export function examineReference(): Finding {
  return { part: "reference", works: true, summary: "plain TypeScript always works, slowly", details: {} };
}

export async function examineWebgpu(): Promise<Finding> {
  const drivers = vulkanDrivers();
  const details: Record<string, unknown> = process.platform === "linux" ? { "driver files": drivers } : {};
  const missing = (summary: string, remedy: string): Finding => ({
    part: "webgpu",
    works: false,
    summary,
    remedy,
    details,
  });
  const { describeAdapter, findAdapter } = await import("../../backend/webgpu/adapter.js");
  const { listAdapters } = await import("../../backend/webgpu/dawn.js");
  let adapter;
  try {
    const adapters = await listAdapters();
    if (adapters.length > 0) details.adapters = adapters;
    adapter = await findAdapter(undefined);
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return missing(message.replace(/: npm install webgpu$/, ""), "npm install webgpu");
  }
  if (!adapter) {
    const why =
      drivers.length === 0 ? "there is no Vulkan driver" : "no driver offers an adapter that Dawn takes";
    return missing(`no adapter was found: ${why}`, driverCommand());
  }
  const { name, vendor, isSoftware, features, limits, subgroupSize, subgroupMatrices } =
    describeAdapter(adapter);
  return {
    part: "webgpu",
    works: true,
    summary: isSoftware
      ? `${name} is software on the CPU: right for tests, slower than the other backends, so auto passes it by`
      : `${name} (${vendor})`,
    details: {
      ...details,
      features,
      limits,
      "subgroup size": subgroupSize.join(" to "),
      "subgroup matrices": subgroupMatrices,
    },
  };
}

export async function examineSharp(): Promise<Finding> {
  const name = "sharp";
  try {
    await import(name);
    return {
      part: "sharp",
      works: true,
      summary: "JPEG, WebP, TIFF and AVIF are read and written",
      details: {},
    };
  } catch {
    const summary = "JPEG, WebP, TIFF and AVIF need the optional package sharp; PNG works without";
    return { part: "sharp", works: false, summary, remedy: "npm install sharp", details: {} };
  }
}

/** Several machines. Tells what is there; whether a launcher reaches it, only a launch can tell. */
export async function examineMpi(): Promise<Finding> {
  const { mpiBuildCommand, mpiLibrary } = await import("../../ranks/mpi-node.js");
  try {
    const { library, file } = mpiLibrary();
    const summary = `${library}: its launcher spreads train and enhance over processes and machines`;
    return { part: "mpi", works: true, summary, details: { addon: file } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [summary] = message.split("; run there: ");
    const install = installCommand(["libopenmpi-dev", "openmpi-bin"]);
    const compiler = process.env.MPICXX ?? "mpicxx";
    const remedy = isOnPath(compiler) ? mpiBuildCommand : `${install} && ${mpiBuildCommand}`;
    return { part: "mpi", works: false, summary: `${summary}; one machine needs none`, remedy, details: {} };
  }
}

/** The files that tell the Vulkan loader of drivers. */
function vulkanDrivers(): string[] {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (named) return named.split(path.delimiter).filter((file) => fs.existsSync(file));
  return ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"].flatMap(
    (folder) => {
      try {
        return fs.readdirSync(folder).map((file) => path.join(folder, file));
      } catch {
        return [];
      }
    },
  );
}

/** What installs a driver on this system. */
function driverCommand(): string {
  if (process.platform === "darwin") return "update macOS: Metal comes with it";
  if (process.platform === "win32")
    return "install the graphics card maker's driver: Direct3D 12 comes with it";
  if (fs.existsSync("/dev/nvidiactl")) return installCommand(["libvulkan1", "nvidia-driver"]);
  const script = new URL("../../../scripts/install-software-vulkan.sh", import.meta.url);
  if (isOnPath("apt-get") && fs.existsSync(script) && !fs.existsSync("/dev/dri"))
    return "sudo bash scripts/install-software-vulkan.sh";
  return installCommand(
    isOnPath("apt-get") ? ["mesa-vulkan-drivers", "libvulkan1"] : ["mesa-vulkan-drivers", "vulkan-loader"],
  );
}

function installCommand(packages: readonly string[]): string {
  const managers = [
    ["apt-get", "sudo apt-get install"],
    ["dnf", "sudo dnf install"],
    ["pacman", "sudo pacman -S"],
    ["zypper", "sudo zypper install"],
    ["apk", "sudo apk add"],
    ["brew", "brew install"],
  ] as const;
  const found = managers.find(([tool]) => isOnPath(tool));
  return `${found?.[1] ?? "install"} ${packages.join(" ")}`;
}

function isOnPath(tool: string): boolean {
  const suffixes = process.platform === "win32" ? [".exe", ".cmd"] : [""];
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .some((folder) => suffixes.some((suffix) => fs.existsSync(path.join(folder, tool + suffix))));
}

const kib = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`;
