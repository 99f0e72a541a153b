// The addon as a backend: native/ compiled for this machine, which computes on threads of its own.

import { UserError } from "../../base/errors.js";
import { CppBackend } from "../cpp/cpp-backend.js";
import { INTERFACE } from "../cpp/interface.js";
import { lacksKernels } from "../cpp/kernel-order.js";
import { buildCommand, loadAddon } from "./addon.js";

export type NativeBackend = CppBackend;

/** The native backend. Throws a UserError that says in one sentence why it cannot be used here. */
export function createNativeBackend(): NativeBackend {
  const addon = loadAddon();
  const info = addon.info();
  if (info.interface !== INTERFACE || lacksKernels(info))
    throw new UserError(
      `the native addon was built from other sources than this version; run: ${buildCommand}`,
    );
  return new CppBackend("native", addon);
}
