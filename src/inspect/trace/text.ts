// A trace as text: the tape with every node's formula, numbers, gradient, kernels and what is kept for the way back.

import { inBytes, inFull, inOperations, inSeconds } from "../../base/units.js";
import { show } from "../../tensor/shape.js";
import { formulaOf, gradientOf } from "./formulas.js";
import { statisticsOf } from "./statistics.js";
import type { KernelRun, RuleAt, Trace, TracedTensor, TraceNode } from "./types.js";
import { number, place, refName } from "./words.js";

/** The whole trace, layer by layer. */
export function traceText(trace: Trace): string {
  const lines: string[] = [headline(trace), ""];
  let open: number[] = [];
  for (const [i, node] of trace.nodes.entries()) {
    const path = callsOf(trace, node.call);
    for (const [depth, call] of path.entries()) {
      if (open[depth] === call) continue;
      const { path: name, type, output } = trace.calls[call];
      lines.push(`${"  ".repeat(depth)}${name || "model"} ${type}${output ? ` -> ${show(output)}` : ""}`);
      open = path.slice(0, depth + 1);
    }
    open = path;
    if (path.length === 0 && (i === 0 || trace.nodes[i - 1].call !== undefined)) lines.push(trace.lossName);
    const indent = "  ".repeat(Math.max(1, path.length));
    lines.push(...nodeText(trace, i).map((line) => indent + line));
  }
  lines.push("", ...leavesText(trace));
  if (trace.failure) {
    const { message, call } = trace.failure;
    const where = call === undefined ? "" : ` in ${callName(trace, call)}`;
    lines.push("", `The forward pass ended here${where}: ${message}`);
  }
  return lines.join("\n");
}

/** "loss meanSquaredError 0.0672, 12 operations, ..." */
function headline(trace: Trace): string {
  const runs = trace.nodes.flatMap(({ forward, backward }) => [forward, backward]);
  const all = runs.flat();
  const kept = keptBytes(trace);
  const loss = trace.loss === undefined ? "no loss" : `loss ${trace.lossName} ${number(trace.loss)}`;
  return `${trace.title}: ${loss}, ${trace.nodes.length} operations, ${all.length} kernels, ${inOperations(sum(all.map((r) => r.flops)))} floating-point operations, ${inBytes(kept)} kept for the way back, backend ${trace.backend}`;
}

/** Bytes of all values that some rule reads, parameters and inputs aside. */
export function keptBytes(trace: Trace): number {
  const seen = new Set<string>();
  let total = 0;
  for (const { kept } of trace.nodes)
    for (const [i, { ref, bytes: size }] of kept.entries()) {
      if (ref && "leaf" in ref) continue;
      const key = ref ? `#${ref.node}` : `?${total},${i}`;
      if (seen.has(key)) continue;
      seen.add(key);
      total += size;
    }
  return total;
}

/** One node in a few lines. */
export function nodeText(trace: Trace, index: number): string[] {
  const node = trace.nodes[index];
  const formula = formulaOf(node.operation, node.inputs.length);
  const inputs = node.inputs.map((ref) => refName(trace, ref)).join(", ");
  return [
    `#${index} ${node.operation}  ${inputs} -> ${show(node.shape)}   ${formula?.forward ?? ""}`.trimEnd(),
    `    value     ${inNumbers(node.values)}`,
    ...(node.gradient ? [`    gradient  ${inNumbers(node.gradient)}`] : []),
    ...node.rules.map((rule) => `    rule      ${ruleText(trace, node, rule)}`),
    `    kept      ${keptText(trace, node)}`,
    ...kernelsText("forward ", node.forward),
    ...kernelsText("backward", node.backward),
  ];
}

/** "min .. max, mean, std": nothing of a tensor with one number but that. */
export function inNumbers(values: ArrayLike<number>): string {
  if (values.length === 1) return number(values[0]);
  const { min, max, mean, std, norm, zeros, notFinite } = statisticsOf(values);
  const share = zeros > 0 ? `, ${Math.round(100 * zeros)} % zeros` : "";
  const bad = notFinite > 0 ? `, ${inFull(notFinite)} NaN or infinite` : "";
  return `${number(min)} .. ${number(max)}, mean ${number(mean)}, std ${number(std)}, norm ${number(norm)}${share}${bad}`;
}

/** The chain rule at one element: "da = dy bᵀ; at [0, 3]: 0.2·0.5 + ... (32 terms) = 0.13". */
export function ruleText(trace: Trace, node: TraceNode, rule: RuleAt): string {
  const formula = formulaOf(node.operation, node.inputs.length);
  const line = formula ? `${gradientOf(formula, rule.input)[0]};  ` : "";
  const ref = node.inputs[rule.input];
  const shape = "node" in ref ? trace.nodes[ref.node].shape : trace.leaves[ref.leaf].shape;
  const shown = rule.terms.slice(0, 3).map(({ dy, slope }) => `${number(dy)} · ${number(slope)}`);
  const more = rule.count > 3 ? ` + … (${inFull(rule.count)} terms)` : "";
  return `${line}input ${rule.input} at ${place(rule.at, shape)}: Σ dy · slope = ${shown.join(" + ")}${more} = ${number(rule.gradient)}`;
}

function keptText(trace: Trace, { kept }: TraceNode): string {
  const names = kept.map(({ ref, shape, bytes: size }) =>
    ref ? `${refName(trace, ref)} ${inBytes(size)}` : `${show(shape)} of its own ${inBytes(size)}`,
  );
  return names.join(", ") || "nothing";
}

const kernelsText = (title: string, runs: readonly KernelRun[]): string[] =>
  runs.length === 0 ? [] : [`    ${title}  ${runs.map(kernelText).join("; ")}`];

/** "matmul [1, 4, 784] x [1, 784, 32] 0.2 ms, 120 GFLOP/s" */
function kernelText({ kernel, inputs, seconds, flops }: KernelRun): string {
  const time = seconds === undefined ? "" : ` ${inSeconds(seconds)}`;
  const rate = seconds && flops > 1000 ? `, ${Number((flops / seconds / 1e9).toPrecision(3))} GFLOP/s` : "";
  return `${kernel} ${inputs.map(show).join(" x ")}${time}${rate}`.replace("  ", " ");
}

function leavesText(trace: Trace): string[] {
  const rows = trace.leaves.filter(({ kind }) => kind !== "constant");
  const lines = rows.map((leaf: TracedTensor & { kind: string; name: string }) => {
    const gradient = leaf.gradient ? `\n    gradient  ${inNumbers(leaf.gradient)}` : "";
    return `${leaf.kind} ${leaf.name} ${show(leaf.shape)}\n    value     ${inNumbers(leaf.values)}${gradient}`;
  });
  return lines;
}

/** The calls that a call is inside of, outermost first, itself the last. */
export function callsOf(trace: Trace, call: number | undefined): number[] {
  const path: number[] = [];
  for (let at = call; at !== undefined; at = trace.calls[at].parent) path.unshift(at);
  return path;
}

export const callName = (trace: Trace, call: number): string => {
  const { path, type, inputs } = trace.calls[call];
  return `${path || "the model"} (${type}), given ${inputs.map(show).join(" and ")}`;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
