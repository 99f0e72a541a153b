// Finds and loads the C++ addon; says in one sentence why it cannot. What the functions do is in native/addon/.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { UserError } from "../../base/errors.js";
import type { Engine } from "../cpp/engine.js";

const inPackage = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const builtHere = inPackage("build/Release/fovea.node");

/** Where the published package has one; the layout is prebuildify's. */
const prebuilt = inPackage(`prebuilds/${process.platform}-${process.arch}/fovea.node`);

/** FOVEA_ADDON names another build of it, such as the one under the sanitizers. */
const path = process.env.FOVEA_ADDON ?? (existsSync(builtHere) ? builtHere : prebuilt);

/** What builds the addon, in an installed package and in a checkout. */
export const buildCommand = /[\\/]node_modules[\\/]/.test(builtHere)
  ? "npx fovea build-addon"
  : "npm run build:addon";

let loaded: { addon?: Engine; problem?: string } | undefined;

function load(): { addon?: Engine; problem?: string } {
  if (!existsSync(path)) {
    const lacking = process.env.FOVEA_ADDON ?? `for ${process.platform}-${process.arch}`;
    return { problem: `there is no native addon ${lacking}; run: ${buildCommand}` };
  }
  try {
    return { addon: createRequire(import.meta.url)(path) as Engine };
  } catch (error) {
    const message = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { problem: `the native addon does not load (${message}); run: ${buildCommand}` };
  }
}

/** Where the addon in use comes from, in words. */
export const addonOrigin = (): string =>
  path === builtHere ? "built here" : path === prebuilt ? "prebuilt" : path;

/** Why the native backend cannot be used here, in one sentence; undefined if it can. */
export function nativeProblem(): string | undefined {
  loaded ??= load();
  return loaded.problem;
}

/** The addon. Throws a UserError with nativeProblem()'s sentence where it cannot be loaded. */
export function loadAddon(): Engine {
  loaded ??= load();
  if (!loaded.addon) throw new UserError(loaded.problem ?? "the native addon does not load");
  return loaded.addon;
}
