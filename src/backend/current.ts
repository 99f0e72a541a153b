// Which backend new tensors live on. Choosing one by name ("auto") is in select.ts.

import { describe } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import type { Backend } from "./backend.js";
import { ReferenceBackend } from "./reference/reference-backend.js";

let current: Backend | undefined;

/** The backend that new tensors are made on; the TypeScript one in float32 until another is chosen. */
export function currentBackend(): Backend {
  return (current ??= new ReferenceBackend({ precision: "float32" }));
}

/** True while a program is recorded. */
export const isRecording = (): boolean => currentBackend().isRecording ?? false;

/** The backend that was chosen; undefined as long as none was. */
export const chosenBackend = (): Backend | undefined => current;

/** Makes an open backend the one that new tensors are made on. Throws a UserError for anything else. */
export function setBackend(backend: Backend): void {
  if (typeof (backend as Partial<Backend> | undefined)?.run !== "function")
    throw new UserError(
      `setBackend: expected an open backend, not ${describe(backend)}; await useBackend("native") opens one by its name.`,
    );
  current = backend;
}

/** Runs `body` with another current backend, and puts the old one back. `body` must not be asynchronous. */
export function withBackend<T>(backend: Backend, body: () => T): T {
  const previous = current;
  current = backend;
  try {
    return body();
  } finally {
    current = previous;
  }
}
