// Runs code for its shapes, on a backend that computes nothing. Layers are built by it, and summaries
// count operations with it. Recording calls in order to replay them is program/'s.

import type { Backend, KernelCall, Storage } from "../backend/backend.js";
import { currentBackend, withBackend } from "../backend/current.js";
import { CallList } from "../program/call-list.js";
import { scope } from "../tensor/scope.js";
import { noGrad } from "../tensor/tape.js";

class DryBackend extends CallList {
  constructor(
    target: Backend,
    readonly isSketch: boolean,
  ) {
    super(target);
  }
  /** What would have been computed; it grows. */
  get kept(): readonly KernelCall[] {
    return this.calls;
  }
  allocate(length: number): Storage {
    return { length };
  }
  view(_storage: Storage, _offset: number, length: number): Storage {
    return { length };
  }
  write(): void {}
  read(): never {
    throw new Error(
      "A dry run computes nothing, so no tensor can be read in it; do not read data inside a layer.",
    );
  }
}

/** Runs `body` without computing anything; `calls` is the growing list of what would have been computed. */
export const dryRun = <T>(body: (calls: readonly KernelCall[]) => T): T => runOn(false, body);

/** A dry run in which layers that have no parameters yet make none that last: for shapes alone. */
export const sketch = <T>(body: () => T): T => runOn(true, body);

function runOn<T>(isSketch: boolean, body: (calls: readonly KernelCall[]) => T): T {
  const dry = new DryBackend(realBackend(), isSketch);
  return withBackend(dry, () => noGrad(() => scope(() => body(dry.kept))));
}

export function isSketching(): boolean {
  const backend = currentBackend();
  return backend instanceof DryBackend && backend.isSketch;
}

/** The current backend, or the one behind it during a dry run: where a layer's parameters belong. */
export function realBackend(): Backend {
  const backend = currentBackend();
  return backend instanceof DryBackend ? backend.target : backend;
}
