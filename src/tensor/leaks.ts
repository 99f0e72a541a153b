// Reports tensors that were garbage-collected without having been disposed, with where they were made. It never frees anything.

let report: ((message: string) => void) | undefined;

const registry = new FinalizationRegistry<string>((where) => {
  report?.(`A tensor was garbage-collected but never disposed; use a scope. ${where}`);
});

/** Turns leak reports on (they cost a stack trace for every tensor made from then on) or, with `undefined`, off. */
export function reportLeaks(listener: ((message: string) => void) | undefined = console.warn): void {
  report = listener;
}

export function watchForLeak(tensor: { readonly shape: readonly number[] }): void {
  if (!report) return;
  const stack = new Error().stack?.split("\n").slice(3, 8).join("\n") ?? "";
  registry.register(tensor, `Its shape was [${tensor.shape.join(", ")}]; it was made at:\n${stack}`, tensor);
}

export function unwatch(tensor: object): void {
  registry.unregister(tensor);
}
