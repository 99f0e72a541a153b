// A backend that tells of every kernel it runs, and otherwise is the one behind it.

import type { Backend, KernelCall } from "../../backend/backend.js";
import { bytesMoved, kernels } from "../../backend/kernels.js";
import type { KernelRun } from "./types.js";

/** @param seen is called after each kernel; seconds are told where run() computes at once */
export function watchedBackend(backend: Backend, seen: (call: KernelCall, told: KernelRun) => void): Backend {
  const bytesPerElement = backend.precision === "float64" ? 8 : 4;
  const run = (call: KernelCall): void => {
    const start = performance.now();
    backend.run(call);
    const seconds = backend.name === "webgpu" ? undefined : (performance.now() - start) / 1000;
    seen(call, {
      kernel: nameOf(call),
      inputs: call.inputs.map((operand) => operand.shape),
      output: call.outputs[0].shape,
      flops: kernels[call.kernel].flops(call as never),
      bytes: bytesMoved(call, bytesPerElement),
      seconds,
    });
  };
  return new Proxy(backend, {
    get(target, key) {
      if (key === "run") return run;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** "unary relu" */
function nameOf({ kernel, attributes }: KernelCall): string {
  const { function: name, mode, kind } = attributes as { function?: string; mode?: string; kind?: string };
  return [kernel, name ?? mode ?? kind].filter((part) => part !== undefined).join(" ");
}
