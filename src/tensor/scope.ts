// Lifetimes: a scope frees the tensors made inside it, except those that are kept.
// Scopes nest like brackets; a tensor belongs to the innermost one open when it was made, and to nobody when none is.

import { UserError } from "../base/errors.js";
import type { Tensor } from "./tensor.js";

/** Where the innermost scope of the code that is running is kept. */
export interface ScopeContext {
  innermost(): Scope | undefined;
  enter(scope: Scope | undefined): void;
  run<T>(scope: Scope, body: () => T): T;
  /** True if jobs that run in turn, each waiting with `await`, have each an innermost scope of their own. */
  readonly perJob: boolean;
}

/** One for the whole program: right as long as jobs that wait do not mix. Node has a better one (async-scopes-node.ts). */
class OneContext implements ScopeContext {
  readonly perJob = false;
  private scope: Scope | undefined;
  innermost(): Scope | undefined {
    return this.scope;
  }
  enter(scope: Scope | undefined): void {
    this.scope = scope;
  }
  run<T>(scope: Scope, body: () => T): T {
    const before = this.scope;
    this.scope = scope;
    try {
      return body();
    } finally {
      this.scope = before;
    }
  }
}

let context: ScopeContext = new OneContext();
const owners = new WeakMap<Tensor, Scope>();

/** For a platform that can tell jobs apart. To be called before any scope is opened. */
export function setScopeContext(better: ScopeContext): void {
  context = better;
}

/**
 * `using s = scope()` frees at the end of the block (also across `await`); `s.keep(t)` hands `t` to the scope around it.
 */
export class Scope {
  private readonly tensors = new Set<Tensor>();
  private isOpen = true;

  constructor(private readonly around: Scope | undefined) {}

  /** This scope, or the nearest around it that is still open. */
  get nearestOpen(): Scope | undefined {
    return this.isOpen ? this : this.around?.nearestOpen;
  }

  /** Lets a tensor outlive this scope: it belongs to the enclosing scope, if there is one. */
  keep<T extends Tensor>(tensor: T): T {
    if (this.tensors.delete(tensor)) {
      owners.delete(tensor);
      this.around?.nearestOpen?.add(tensor);
    }
    return tensor;
  }

  /** Lets a tensor outlive every scope: its user disposes it. */
  release<T extends Tensor>(tensor: T): T {
    this.remove(tensor);
    return tensor;
  }

  has(tensor: Tensor): boolean {
    return this.tensors.has(tensor);
  }

  add(tensor: Tensor): void {
    this.tensors.add(tensor);
    owners.set(tensor, this);
  }

  remove(tensor: Tensor): void {
    this.tensors.delete(tensor);
    owners.delete(tensor);
  }

  /**
   * Frees what is inside and closes the scope.
   * @throws UserError where jobs cannot be told apart and a scope that was opened later is still open: it may be another job's
   */
  dispose(): void {
    if (!this.isOpen) return;
    const isInnermost = context.innermost() === this;
    const mixed = !isInnermost && !context.perJob;
    if (isInnermost) context.enter(this.around);
    this.close();
    if (mixed)
      throw new UserError(
        "A scope was closed before one that was opened inside it or, by another job, after it. Close scopes in the reverse order; let jobs that open scopes run one after another.",
      );
  }

  /** Frees what is inside; whose turn it is then is not its business. */
  close(): void {
    this.isOpen = false;
    for (const tensor of this.tensors) tensor.dispose();
    this.tensors.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const innermost = (): Scope | undefined => context.innermost()?.nearestOpen;

/** Opens a scope. */
export function scope(): Scope;
/**
 * Runs `body` in a scope of its own; tensors that it returns (alone, in an array or in a record) are kept. An asynchronous
 * body's scope is closed when its promise is settled.
 * @throws UserError for an asynchronous body where jobs cannot be told apart (in a browser)
 */
export function scope<T>(body: () => T): T;
export function scope<T>(body?: () => T): Scope | T {
  const inner = new Scope(innermost());
  if (!body) {
    context.enter(inner);
    return inner;
  }
  const keep = <R>(result: R): R => {
    for (const tensor of tensorsIn(result)) inner.keep(tensor);
    return result;
  };
  let later: Promise<unknown> | undefined;
  try {
    const result = context.run(inner, body);
    if (!(result instanceof Promise)) return keep(result);
    later = result;
  } finally {
    if (!later) inner.close();
  }
  const settled = later.then(keep).finally(() => inner.close());
  if (context.perJob) return settled as T;
  settled.catch(() => undefined);
  inner.close();
  throw new UserError(
    "scope: the function is asynchronous, and its tensors would be freed at its first await; open the scope inside it, by `using s = scope()`.",
  );
}

/** Enters a new tensor into the innermost open scope. */
export function track(tensor: Tensor): void {
  innermost()?.add(tensor);
}

/** Takes a tensor out of the scope that owns it: from now on its user disposes it. */
export function forget(tensor: Tensor): void {
  owners.get(tensor)?.remove(tensor);
}

/** The tensor, no scope's any more: it lives until its user disposes it. */
export function lasting<T extends Tensor>(tensor: T): T {
  forget(tensor);
  return tensor;
}

function tensorsIn(value: unknown): Tensor[] {
  if (value === null || typeof value !== "object") return [];
  if ("operand" in value && "shape" in value) return [value as Tensor];
  return Object.values(value).flatMap((v) => (Array.isArray(v) || isTensor(v) ? tensorsIn(v) : []));
}

const isTensor = (value: unknown): boolean =>
  value !== null && typeof value === "object" && "operand" in value;
