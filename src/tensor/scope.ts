// Lifetimes: a scope frees the tensors made inside it, except those that are kept.
// Scopes nest like brackets; a tensor belongs to the innermost one open when it was made, and to nobody when none is.

import type { Tensor } from "./tensor.js";

const open: Scope[] = [];
const owners = new WeakMap<Tensor, Scope>();

/**
 * `using s = scope()` frees at the end of the block (also across `await`); `s.keep(t)` hands `t` to the scope around it.
 * `using` is TypeScript's, and JavaScript's from Node 24 on; in older JavaScript write `scope(() => ...)` or `s.dispose()`.
 */
export class Scope {
  private readonly tensors = new Set<Tensor>();

  /** Lets a tensor outlive this scope: it belongs to the enclosing scope, if there is one. */
  keep<T extends Tensor>(tensor: T): T {
    if (this.tensors.delete(tensor)) {
      owners.delete(tensor);
      const outer = open[open.indexOf(this) - 1];
      outer?.add(tensor);
    }
    return tensor;
  }

  /** Lets a tensor outlive every scope: its user disposes it. */
  release<T extends Tensor>(tensor: T): T {
    this.remove(tensor);
    return tensor;
  }

  add(tensor: Tensor): void {
    this.tensors.add(tensor);
    owners.set(tensor, this);
  }

  remove(tensor: Tensor): void {
    this.tensors.delete(tensor);
    owners.delete(tensor);
  }

  /** Frees what is inside and closes the scope, and any left open within it. */
  dispose(): void {
    const index = open.indexOf(this);
    if (index < 0) return;
    while (open.length > index + 1) open[open.length - 1].dispose();
    open.pop();
    for (const tensor of this.tensors) tensor.dispose();
    this.tensors.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Opens a scope. */
export function scope(): Scope;
/** Runs `body` in a scope of its own; tensors that it returns (alone, in an array or in a record) are kept. */
export function scope<T>(body: () => T): T;
export function scope<T>(body?: () => T): Scope | T {
  const inner = new Scope();
  open.push(inner);
  if (!body) return inner;
  try {
    const result = body();
    for (const tensor of tensorsIn(result)) inner.keep(tensor);
    return result;
  } finally {
    inner.dispose();
  }
}

/** Enters a new tensor into the innermost open scope. */
export function track(tensor: Tensor): void {
  open[open.length - 1]?.add(tensor);
}

/** Takes a tensor out of the scope that owns it: from now on its user disposes it. */
export function forget(tensor: Tensor): void {
  owners.get(tensor)?.remove(tensor);
}

function tensorsIn(value: unknown): Tensor[] {
  if (value === null || typeof value !== "object") return [];
  if ("operand" in value && "shape" in value) return [value as Tensor];
  return Object.values(value).flatMap((v) => (Array.isArray(v) || isTensor(v) ? tensorsIn(v) : []));
}

const isTensor = (value: unknown): boolean =>
  value !== null && typeof value === "object" && "operand" in value;
