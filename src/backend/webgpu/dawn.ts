// The only file that knows the `webgpu` package (Dawn for Node). It is imported when the first GPU is opened and not
// before, so that everything else works without it. In a browser the caller passes `navigator.gpu` instead.

import { UserError } from "../../base/errors.js";

interface Dawn {
  create(options: string[]): GPU;
}

export interface DawnOptions {
  /** Part of an adapter's name, as `listAdapters` gives it; without it Dawn chooses. */
  adapterName?: string;
  /** Keep Dawn's bounds checks in shaders; default true. */
  robustness?: boolean;
}

async function load(): Promise<Dawn> {
  const name = "webgpu"; // not a literal in import(), so that bundlers for the browser leave it alone
  try {
    return (await import(name)) as Dawn;
  } catch (error) {
    throw new UserError(
      `the WebGPU backend needs the package "webgpu", which cannot be loaded (${reason(error)}): npm install webgpu`,
    );
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message.split("\n")[0] : String(error));

/**
 * Instances by their options, kept for the life of the process: Dawn crashes when one is collected while an object made by it
 * is still in use. (That a process ends all the same is tested in test/process/webgpu.test.ts.)
 */
const instances = new Map<string, GPU>();

/** Dawn, loaded and started. */
export async function openDawn(options: DawnOptions = {}): Promise<GPU> {
  const dawn = await load();
  // Experimental features (subgroup matrices) and f16 on NVIDIA are behind switches; timestamps are rounded without.
  const enable = ["allow_unsafe_apis", "vulkan_enable_f16_on_nvidia"];
  if (options.robustness === false) enable.push("disable_robustness");
  const flags = [`enable-dawn-features=${enable.join(",")}`, "disable-dawn-features=timestamp_quantization"];
  if (options.adapterName) flags.push(`adapter=${options.adapterName}`);
  const key = flags.join(" ");
  let instance = instances.get(key);
  if (!instance) instances.set(key, (instance = dawn.create(flags)));
  return instance;
}

/** The names of the adapters that Dawn finds. It tells them only in the error for a name that does not exist. */
export async function listAdapters(): Promise<string[]> {
  const dawn = await load();
  try {
    const instance = dawn.create(["adapter=no adapter has this name"]);
    await instance.requestAdapter();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [...message.matchAll(/backend: '([^']*)', name: '([^']*)'/g)].map(
      ([, backend, name]) => `${name} (${backend})`,
    );
  }
}
