// A model at a glance: its layers in the order they run, with output shapes, parameters and operations. Nothing is computed.

import type { KernelCall } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import { inBytes, inFull, inOperations } from "../base/units.js";
import { kernels } from "../backend/kernels.js";
import { type Shape, show, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { dryRun, realBackend } from "./dry-run.js";
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
  /** Bytes of all values it computes going forward: what training keeps of it for the way back is at most this. */
  readonly bytes: number;
}

/** A model at a glance, as rows and as a table of text. */
export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly parameters: number;
  readonly operations: number;
  readonly bytes: number;
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
    const none: Cost = { operations: 0, bytes: 0 };
    let inner = none; // of the layers that the one being observed has called
    observeLayers(
      (layer, forward) => {
        const before = { calls: calls.length, inner };
        const at = rows.length;
        inner = none;
        const y = forward();
        const total = costOf(calls.slice(before.calls));
        const alone = plus(total, inner, -1);
        const own = counted.has(layer) ? 0 : ownParameters(layer);
        counted.add(layer);
        const row = {
          name: paths.get(layer)!,
          type: layer.constructor.name,
          outputShape: listOf<Tensor>(y)[0].shape,
          parameters: own,
          ...alone,
        };
        const isLeaf = rows.length === at;
        if (isLeaf || alone.operations > 0) rows.push(row);
        inner = plus(before.inner, total);
        return y;
      },
      () => model.call(inputsOf(inputShape)),
    );
  });
  const total = (pick: (row: SummaryRow) => number) => rows.reduce((n, row) => n + pick(row), 0);
  const totals = {
    parameters: total((row) => row.parameters),
    operations: total((row) => row.operations),
    bytes: total((row) => row.bytes),
  };
  return { rows, ...totals, toString: () => table(rows, totals) };
}

type Cost = Pick<SummaryRow, "operations" | "bytes">;

const plus = (a: Cost, b: Cost, factor = 1): Cost => ({
  operations: a.operations + factor * b.operations,
  bytes: a.bytes + factor * b.bytes,
});

function costOf(calls: readonly KernelCall[]): Cost {
  const perElement = realBackend().precision === "float64" ? 8 : 4;
  const sum = (of: (call: KernelCall) => number) => calls.reduce((n, call) => n + of(call), 0);
  return {
    operations: sum((call) => kernels[call.kernel].flops(call as never)),
    bytes: perElement * sum(({ outputs }) => outputs.reduce((n, { shape }) => n + sizeOf(shape), 0)),
  };
}

function ownParameters(layer: AnyLayer): number {
  const inside = [...layer.layersByPath().keys()].filter((path) => path !== "");
  const isOwn = (name: string) => !inside.some((path) => name.startsWith(`${path}.`));
  return [...layer.parameters()].reduce((n, [name, t]) => (isOwn(name) ? n + sizeOf(t.shape) : n), 0);
}

function table(rows: readonly SummaryRow[], totals: Cost & { parameters: number }): string {
  const cells = [
    ["Layer", "Type", "Output", "Parameters", "Operations", "Memory"],
    ...rows.map((row) => [
      row.name || "(itself)",
      row.type,
      show(row.outputShape),
      inFull(row.parameters),
      inOperations(row.operations),
      inBytes(row.bytes),
    ]),
    ["Total", "", "", inFull(totals.parameters), inOperations(totals.operations), inBytes(totals.bytes)],
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
