// The addon as a backend: native/ compiled for this machine, which computes on threads of its own.

import { UserError } from "../../base/errors.js";
import { CppBackend } from "../cpp/cpp-backend.js";
import { lacksKernels } from "../cpp/kernel-order.js";
import { buildCommand, loadAddon } from "./addon.js";

export type NativeBackend = CppBackend;

/** The native backend. Throws a UserError that says in one sentence why it cannot be used here. */
export function createNativeBackend(): NativeBackend {
  const addon = loadAddon();
  if (lacksKernels(addon.info()))
    throw new UserError(
      `the native addon was built for other kernels than this version's; run: ${buildCommand}`,
    );
  return new CppBackend("native", addon);
}
