// reduce and softmax. A reduction over several axes goes axis by axis (neighbouring ones together); a long one over few
// outputs goes in two stages, so that the whole GPU works.

import type { KernelCall } from "../../backend.js";
import { sizeOf } from "../../kernels.js";
import type { Plans } from "../context.js";
import type { Binding, Dispatch } from "../dispatch.js";
import { ceilDiv, Params, Scratch } from "../dispatch.js";
import { groupsFor, WORKGROUP } from "./elementwise.js";

const always = () => true;
/** Workgroups that keep a large GPU busy. */
export const MANY_GROUPS = 512;
/** Elements that one workgroup should have to reduce before it is worth a second stage. */
const ROW_CHUNK = 2048;
const COLUMN_CHUNK = 256;
export const COLUMNS = 32;
/** Up to so many columns, one thread a row is better for softmax. */
const FEW_COLUMNS = 32;

export const reducePlans: Plans = () => ({
  reduce: [
    {
      name: "workgroup",
      supports: always,
      plan: (call) => reduce(call as KernelCall<"reduce">, workgroupStage),
    },
    { name: "naive", supports: always, plan: (call) => reduce(call as KernelCall<"reduce">, naiveStage) },
  ],
  softmax: [
    {
      name: "workgroup",
      supports: always,
      prefers: ({ inputs }) => inputs[0].shape[1] > FEW_COLUMNS,
      plan: (call) => softmax(call as KernelCall<"softmax">, "workgroup"),
    },
    { name: "thread", supports: always, plan: (call) => softmax(call as KernelCall<"softmax">, "thread") },
  ],
});

/** x [outer, length, inner] reduced over `length`. */
export interface Axis {
  outer: number;
  length: number;
  inner: number;
}

/** One dispatch of a reduction: x reduced over the axis in `chunks` pieces. */
type Stage = (axis: Axis, chunks: number) => { shader: string; groups: number };

const workgroupStage: Stage = ({ outer, inner }, chunks) =>
  inner === 1
    ? { shader: "reduce/rows", groups: outer * chunks }
    : { shader: "reduce/columns", groups: outer * chunks * ceilDiv(inner, COLUMNS) };

const naiveStage: Stage = ({ outer, inner }, chunks) => ({
  shader: "reduce/naive",
  groups: groupsFor(outer * chunks * inner),
});

/** Into how many pieces a reduction is cut, so that there are enough workgroups. */
function chunksFor({ outer, length, inner }: Axis, stage: Stage): number {
  if (stage === naiveStage) return 1;
  const groups = outer * (inner === 1 ? 1 : ceilDiv(inner, COLUMNS));
  const most = ceilDiv(length, inner === 1 ? ROW_CHUNK : COLUMN_CHUNK);
  return Math.max(1, Math.min(most, Math.floor(MANY_GROUPS / Math.max(groups, 1))));
}

/** The axes to reduce one after another, the last first; later ones see the earlier ones' result. */
function axesOf(shape: readonly number[], reduced: ReadonlySet<number>): Axis[] {
  const result: Axis[] = [];
  const sizes = [...shape];
  for (let end = shape.length; end > 0; end--) {
    if (!reduced.has(end - 1) || sizes[end - 1] === 1) continue;
    let start = end - 1;
    while (start > 0 && reduced.has(start - 1)) start--;
    result.push({
      outer: sizeOf(sizes.slice(0, start)),
      length: sizeOf(sizes.slice(start, end)),
      inner: sizeOf(sizes.slice(end)),
    });
    sizes.fill(1, start, end);
    end = start + 1;
  }
  // Nothing to reduce: a copy, which a reduction over one element is.
  return result.length > 0 ? result : [{ outer: sizeOf(shape), length: 1, inner: 1 }];
}

const FUNCTIONS = { sum: [0, 0], mean: [0, 0], max: [1, -Infinity], min: [2, Infinity] } as const;

function reduce({ inputs: [x], outputs: [y], attributes }: KernelCall<"reduce">, stage: Stage): Dispatch[] {
  const [number, start] = FUNCTIONS[attributes.function];
  const axes = axesOf(x.shape, new Set(attributes.axes));
  const count = sizeOf(x.shape) / sizeOf(y.shape);
  const stages = axes.flatMap((axis) => {
    const chunks = chunksFor(axis, stage);
    return chunks === 1
      ? [{ axis, chunks }]
      : [
          { axis, chunks },
          { axis: { ...axis, length: chunks }, chunks: 1 },
        ];
  });
  let source: Binding = x.storage;
  return stages.map(({ axis, chunks }, k) => {
    const isLast = k === stages.length - 1;
    const target: Binding = isLast ? y.storage : new Scratch(axis.outer * chunks * axis.inner);
    const divisor = isLast && attributes.function === "mean" ? count : 1;
    const dispatch = {
      ...stage(axis, chunks),
      constants: { FUNCTION: number },
      reads: [source],
      writes: [target],
      params: new Params()
        .u32(axis.outer, axis.length, axis.inner, chunks, ceilDiv(axis.length, chunks))
        .f32(start, divisor),
    };
    source = target;
    return dispatch;
  });
}

function softmax(
  { inputs: [x], outputs: [y], attributes }: KernelCall<"softmax">,
  way: "workgroup" | "thread",
) {
  const [rows, columns] = x.shape;
  return [
    {
      shader: `softmax/${way}`,
      constants: { LOG: Number(attributes.log ?? false) },
      reads: [x.storage],
      writes: [y.storage],
      params: new Params().u32(rows, columns).f32(-Infinity),
      groups: columns === 0 ? 0 : way === "workgroup" ? rows : ceilDiv(rows, WORKGROUP),
    },
  ];
}
