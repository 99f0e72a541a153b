// Watching layers work: observers, that see every call of every layer, for summaries and traces; and hooks, that one layer is given
// by its user. What a hook returns, if anything, takes the place of what it was shown.

import type { Tensor } from "../tensor/tensor.js";
import type { Inputs } from "./inputs.js";

/** Sees every call of a layer, and must return what `forward` returns. */
export type LayerObserver<L> = (layer: L, forward: () => Inputs, input: Inputs) => Inputs;

// A layer, whose class stands above this file.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- only AnyLayer is ever given
let observer: LayerObserver<any> = (_layer, forward) => forward();

/** Runs `body` with an observer of every layer called inside. */
export function withObserver<L, T>(watch: LayerObserver<L>, body: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return body();
  } finally {
    observer = before;
  }
}

/** Is shown what a layer gives for an input; a tensor (or list) that it returns goes on in its place. */
export type ForwardHook = (output: Inputs, input: Inputs) => Inputs | void;

/**
 * Is shown the gradient that arrives at a layer's output (at output number `index`, where it gives several), before it flows
 * through the layer; a tensor of its shape that it returns flows on in its place.
 */
export type BackwardHook = (gradient: Tensor, index: number) => Tensor | void;

/** The hooks of one layer. */
export class Hooks {
  private readonly forward = new Set<ForwardHook>();
  private readonly backward = new Set<BackwardHook>();

  onForward(hook: ForwardHook): () => void {
    this.forward.add(hook);
    return () => void this.forward.delete(hook);
  }

  onBackward(hook: BackwardHook): () => void {
    this.backward.add(hook);
    return () => void this.backward.delete(hook);
  }

  /** Calls a layer as the observer and the hooks want it. */
  call(layer: object, input: Inputs, forward: () => Inputs): Inputs {
    let output = observer(layer, forward, input);
    for (const hook of this.forward) output = hook(output, input) ?? output;
    if (this.backward.size === 0) return output;
    const outputs: readonly Tensor[] = "shape" in output ? [output] : output;
    for (const [i, y] of outputs.entries())
      if (y.requiresGrad) for (const hook of this.backward) y.onGradient((gradient) => hook(gradient, i));
    return output;
  }
}
