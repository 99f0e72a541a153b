// Tensors that nobody disposes. Their memory goes when the garbage collector finds them, which is late and, in a loop without
// `await`, never; so a program that leaves many is warned once. reportLeaks() tells of each where it was made.

/** What a tensor leaves behind. */
interface Estate {
  readonly release: () => void;
  /** Where it was made, if leaks are reported. */
  readonly where?: string;
}

/** So many tensors at once, not disposed, are no network but a loop without a scope. */
const MANY = 10_000;

let report: ((message: string) => void) | undefined;
let undisposed = 0;
let warned = false;

const registry = new FinalizationRegistry<Estate>(({ release, where }) => {
  release();
  if (where) report?.(`A tensor was garbage-collected but never disposed; use a scope. ${where}`);
});

/** Turns leak reports on (they cost a stack trace for every tensor made from then on) or, with `undefined`, off. */
export function reportLeaks(listener: ((message: string) => void) | undefined = console.warn): void {
  report = listener;
}

/** Calls `release` when the tensor has been garbage-collected, unless it is unwatched before. */
export function watch(tensor: { readonly shape: readonly number[] }, release: () => void): void {
  registry.register(tensor, { release, where: report && placeOf(tensor) }, tensor);
  if (++undisposed < MANY || warned) return;
  warned = true;
  console.warn(
    `${MANY} tensors have been made and not disposed; if these are a loop's, run each round in scope(() => ...), which frees what it made (reportLeaks() tells where such tensors were made).`,
  );
}

export function unwatch(tensor: object): void {
  undisposed--;
  registry.unregister(tensor);
}

function placeOf(tensor: { readonly shape: readonly number[] }): string {
  const stack = new Error().stack?.split("\n").slice(4, 9).join("\n") ?? "";
  return `Its shape was [${tensor.shape.join(", ")}]; it was made at:\n${stack}`;
}
