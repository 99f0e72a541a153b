// What a page is given: one trace for each state of the weights, with its tensors cut down to what is shown: figures, a histogram,
// the first numbers, a picture. Plain JSON; the page's scripts (../page/) draw it.

import type { RuleSource } from "../files.js";
import { formulaOf } from "../trace/formulas.js";
import type { Nudge } from "../trace/nudge.js";
import { histogramOf, statisticsOf, type Statistics } from "../trace/statistics.js";
import type { LayerCall, Ref, Trace, TracedTensor } from "../trace/types.js";
import { imageSizesOf, type Picture, pictureOf } from "./pictures.js";

/** Numbers as they are shown. */
export interface NumbersView extends Statistics {
  /** Counts of equally wide bins from min to max. */
  readonly histogram: readonly number[];
  /** The first rows and columns, of the tensor seen as a matrix of its last axis. */
  readonly table: readonly (readonly number[])[];
  readonly picture: Picture | undefined;
}

export interface TensorView {
  readonly value: NumbersView;
  readonly gradient: NumbersView | undefined;
}

/** All that changes with the weights. */
export interface StateData {
  readonly label: string;
  readonly loss: number | undefined;
  readonly nodes: readonly TensorView[];
  readonly leaves: readonly TensorView[];
  readonly rules: readonly Trace["nodes"][number]["rules"][];
  readonly nudges: readonly Nudge[];
}

export interface PageData {
  readonly title: string;
  readonly backend: string;
  readonly lossName: string;
  readonly bytesPerElement: number;
  readonly calls: readonly LayerCall[];
  readonly nodes: readonly NodeData[];
  readonly leaves: readonly {
    readonly kind: string;
    readonly name: string;
    readonly shape: readonly number[];
  }[];
  readonly failure: Trace["failure"];
  readonly states: readonly StateData[];
}

interface NodeData extends Pick<
  Trace["nodes"][number],
  "operation" | "call" | "shape" | "forward" | "backward" | "kept"
> {
  readonly inputs: readonly Ref[];
  readonly formula: ReturnType<typeof formulaOf>;
  readonly source: RuleSource | { readonly text: string };
}

/** One state of the weights. */
export interface State {
  readonly label: string;
  readonly trace: Trace;
  readonly nudges: readonly Nudge[];
}

const bins = 32;
const tableSide = 6;
/** Of a tensor's picture, and of all pictures of all states together. */
const mostPixels = 9000;
const mostWeightPixels = 26000;
const allPixels = 6e6;

/**
 * @param states at least one, all of one network and one batch
 * @param sourceOf the rule of an operation with so many inputs, where its source is at hand
 */
export function pageData(
  states: readonly State[],
  sourceOf: (operation: string, inputs: number) => RuleSource | undefined,
): PageData {
  const [{ trace }] = states;
  const { title, backend, lossName, bytesPerElement, calls, failure } = trace;
  const pictures = 2 * states.length * (trace.nodes.length + trace.leaves.length);
  const share = Math.max(256, Math.floor(allPixels / pictures));
  const imageSizes = imageSizesOf(
    trace.leaves.filter(({ kind }) => kind === "input").map(({ shape }) => shape),
  );
  const viewOf = ({ shape, values, gradient }: TracedTensor, isWeight = false): TensorView => {
    const pixels = Math.min(share, isWeight ? mostWeightPixels : mostPixels);
    const view = (numbers: ArrayLike<number>) => ({
      ...numbersView(numbers, shape),
      picture: pictureOf(numbers, shape, isWeight, pixels, imageSizes),
    });
    return { value: view(values), gradient: gradient && view(gradient) };
  };
  return {
    ...{ title, backend, lossName, bytesPerElement, calls, failure },
    nodes: trace.nodes.map(({ operation, call, shape, inputs, forward, backward, kept, ruleText }) => ({
      ...{ operation, call, shape, inputs, forward, backward, kept },
      formula: formulaOf(operation, inputs.length),
      source: sourceOf(operation, inputs.length) ?? { text: ruleText },
    })),
    leaves: trace.leaves.map(({ kind, name, shape }) => ({ kind, name, shape })),
    states: states.map(({ label, trace: own, nudges }) => ({
      ...{ label, loss: own.loss, nudges },
      nodes: own.nodes.map((node) => viewOf(node)),
      leaves: own.leaves.map((leaf) => viewOf(leaf, leaf.kind === "parameter")),
      rules: own.nodes.map(({ rules }) => rules),
    })),
  };
}

function numbersView(values: ArrayLike<number>, shape: readonly number[]): Omit<NumbersView, "picture"> {
  const figures = statisticsOf(values);
  const columns = shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : values.length / columns;
  const table = Array.from({ length: Math.min(rows, tableSide) }, (_, y) =>
    Array.from({ length: Math.min(columns, tableSide) }, (_, x) =>
      Number(values[y * columns + x].toPrecision(5)),
    ),
  );
  return { ...figures, histogram: histogramOf(values, figures.min, figures.max, bins), table };
}

/** The data as text that may stand in a script element: numbers with at most six digits. */
export const pageJson = (data: PageData): string =>
  JSON.stringify(data, (_key, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
  ).replaceAll("<", "\\u003c");
