// How numbers, bytes, times and places are written, on the terminal and on the page alike.

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

const inUnits = (x: number, units: readonly string[], step: number): string => {
  let power = 0;
  for (; x >= step && power < units.length - 1; power++) x /= step;
  return `${power === 0 ? Math.round(x) : Number(x.toPrecision(3))} ${units[power]}`;
};

export const bytes = (n: number): string => inUnits(n, ["B", "kB", "MB", "GB"], 1000);
export const count = (n: number): string => n.toLocaleString("en-US");
export const operations = (n: number): string => inUnits(n, ["", "k", "M", "G", "T"], 1000).trimEnd();

export const duration = (seconds: number): string =>
  seconds < 1e-3 ? `${Math.round(seconds * 1e6)} µs` : `${Number((seconds * 1e3).toPrecision(3))} ms`;

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
