// A model at a glance: its layers in the order they run, with output shapes, parameters and operations. Nothing is computed.

import type { KernelCall } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import { kernels } from "../backend/kernels.js";
import { type Shape, show, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { dryRun } from "./dry-run.js";
import { type InputShape, inputsOf } from "./inputs.js";
import { type AnyLayer, observeLayers } from "./layer.js";
import { listOf } from "./symbolic.js";

/** One layer of a summary. */
export interface SummaryRow {
  /** The layer's dotted path; "" is the model itself: what it does between its layers. */
  readonly name: string;
  readonly type: string;
  /** Of the first output, where there are several. */
  readonly outputShape: Shape;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Floating-point operations of one call, counted as a direct evaluation's (see kernels.ts). */
  readonly operations: number;
}

/** A model at a glance, as rows and as a table of text. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly parameters: number;
  readonly operations: number;
  /** The table. */
  toString(): string;
}

/** Describes a layer or model for inputs of this shape (one for each input); it is built if it has not been. */
export function summary(model: AnyLayer, inputShape: InputShape): Summary {
  if (inputShape === undefined)
    throw new UserError(
      "summary: give the shape of the input, too, batch axis first, such as [1, 28, 28, 1].",
    );
  model.build(inputShape);
  const paths = new Map([...model.layersByPath()].map(([path, layer]) => [layer, path]));
  const rows: SummaryRow[] = [];
  const counted = new Set<AnyLayer>();
  dryRun((calls) => {
    let inner = 0; // operations of the layers that the one being observed has called
    observeLayers(
      (layer, forward) => {
        const before = { calls: calls.length, inner };
        const at = rows.length;
        inner = 0;
        const y = forward();
        const total = operationsOf(calls.slice(before.calls));
        const operations = total - inner;
        const own = counted.has(layer) ? 0 : ownParameters(layer);
        counted.add(layer);
        const row = {
          name: paths.get(layer)!,
          type: layer.constructor.name,
          outputShape: listOf<Tensor>(y)[0].shape,
          parameters: own,
          operations,
        };
        const isLeaf = rows.length === at;
        if (isLeaf || operations > 0) rows.push(row);
        inner = before.inner + total;
        return y;
      },
      () => model.call(inputsOf(inputShape)),
    );
  });
  const total = (pick: (row: SummaryRow) => number) => rows.reduce((n, row) => n + pick(row), 0);
  const totals = { parameters: total((row) => row.parameters), operations: total((row) => row.operations) };
  return { rows, ...totals, toString: () => table(rows, totals) };
}

const operationsOf = (calls: readonly KernelCall[]): number =>
  calls.reduce((n, call) => n + kernels[call.kernel].flops(call as never), 0);

function ownParameters(layer: AnyLayer): number {
  return [...layer.parameters()].reduce((n, [name, t]) => (name.includes(".") ? n : n + sizeOf(t.shape)), 0);
}

function table(rows: readonly SummaryRow[], totals: { parameters: number; operations: number }): string {
  const cells = [
    ["Layer", "Type", "Output", "Parameters", "Operations"],
    ...rows.map((row) => [
      row.name || "(itself)",
      row.type,
      show(row.outputShape),
      count(row.parameters),
      inUnits(row.operations),
    ]),
    ["Total", "", "", count(totals.parameters), inUnits(totals.operations)],
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const print = (line: string[]) =>
    line
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [print(cells[0]), rule, ...cells.slice(1, -1).map(print), rule, print(cells.at(-1)!)].join("\n");
}

const count = (n: number): string => n.toLocaleString("en-US");

/** "1.23 G" for 1.23e9 floating-point operations. */
function inUnits(n: number): string {
  const units = ["", " k", " M", " G", " T"];
  let power = 0;
  while (n >= 1000 && power < units.length - 1) {
    n /= 1000;
    power++;
  }
  return `${power === 0 ? n : n.toPrecision(3)}${units[power]}`;
}
