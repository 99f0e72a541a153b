// How numbers, times and places of a trace are written, on the terminal and on the page alike; bytes and the like are base/units.ts's.

import { show } from "../../tensor/shape.js";
import type { Ref, Trace } from "./types.js";

/** Four digits: 0.01234, 1.235e-7. */
export function number(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  const text =
    x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5)
      ? x.toExponential(2)
      : String(Number(x.toPrecision(4)));
  return text.replace("-", "−").replace("e-", "e−").replace("e+", "e");
}

/** The element at a flat index, as [2, 0, 17]. */
export function place(index: number, shape: readonly number[]): string {
  const at: number[] = [];
  let rest = index;
  for (const n of [...shape].reverse()) {
    at.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return `[${at.join(", ")}]`;
}

/** "#3 [4, 32]" or "kernel [784, 32]". */
export function refName(trace: Trace, ref: Ref): string {
  if ("node" in ref) return `#${ref.node} ${show(trace.nodes[ref.node].shape)}`;
  const { name, shape } = trace.leaves[ref.leaf];
  return `${name} ${show(shape)}`;
}
