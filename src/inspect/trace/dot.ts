// A trace as a drawing in Graphviz's language: layers as boxes round their operations, every node with its shape, its value's
// spread and its gradient's norm. `dot -Tsvg` draws it.

import { show } from "../../tensor/shape.js";
import { statisticsOf } from "./statistics.js";
import type { Ref, Trace } from "./types.js";
import { number } from "./words.js";

export function traceDot(trace: Trace): string {
  const lines = [
    `digraph ${quoted(trace.title)} {`,
    "  rankdir=TB; node [shape=box, fontname=Helvetica, fontsize=11]; edge [color=gray50];",
  ];
  const inside = (call: number | undefined, indent: string): void => {
    for (const [i, node] of trace.nodes.entries())
      if (node.call === call) lines.push(`${indent}n${i} [label=${nodeLabel(trace, i)}];`);
    for (const [i, { path, type, parent }] of trace.calls.entries()) {
      if (parent !== call) continue;
      lines.push(
        `${indent}subgraph cluster_${i} { label=${quoted(`${path || "model"} ${type}`)}; color=gray70;`,
      );
      inside(i, `${indent}  `);
      lines.push(`${indent}}`);
    }
  };
  inside(undefined, "  ");
  for (const [i, { kind, name, shape, gradient }] of trace.leaves.entries())
    if (kind !== "constant") {
      const norm = gradient ? `\\n‖∇‖ ${number(statisticsOf(gradient).norm)}` : "";
      lines.push(`  l${i} [shape=ellipse, label=${quoted(`${name}\\n${show(shape)}${norm}`)}];`);
    }
  for (const [i, { inputs }] of trace.nodes.entries())
    for (const ref of inputs)
      if ("node" in ref || trace.leaves[ref.leaf].kind !== "constant") lines.push(`  ${idOf(ref)} -> n${i};`);
  if (trace.failure) {
    lines.push(`  failure [color=red, fontcolor=red, label=${quoted(trace.failure.message)}];`);
    if (trace.nodes.length > 0) lines.push(`  n${trace.nodes.length - 1} -> failure [color=red];`);
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

const idOf = (ref: Ref): string => ("node" in ref ? `n${ref.node}` : `l${ref.leaf}`);

function nodeLabel(trace: Trace, index: number): string {
  const { operation, shape, values, gradient } = trace.nodes[index];
  const { mean, std } = statisticsOf(values);
  const back = gradient ? `\\n‖∇‖ ${number(statisticsOf(gradient).norm)}` : "";
  return quoted(`${operation} ${show(shape)}\\n${number(mean)} ± ${number(std)}${back}`);
}

/** Line breaks are written \n already. */
const quoted = (text: string): string => `"${text.replaceAll('"', '\\"')}"`;
