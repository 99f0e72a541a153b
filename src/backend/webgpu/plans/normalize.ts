// normalize and its gradient: over rows one workgroup a row; over columns in three dispatches, because the columns of a
// feature map are few and long.

import type { KernelCall } from "../../backend.js";
import type { Plans } from "../context.js";
import type { Dispatch } from "../dispatch.js";
import { ceilDiv, Params, Scratch } from "../dispatch.js";
import { groupsFor } from "./elementwise.js";
import { COLUMNS, MANY_GROUPS } from "./reduce.js";

/** Rows that a workgroup should have at least. */
const LEAST_ROWS = 64;

const isRows = (call: KernelCall): boolean => (call as KernelCall<"normalize">).attributes.axis === 1;
const isColumns = (call: KernelCall): boolean => !isRows(call);

export const normalizePlans: Plans = () => ({
  normalize: [
    { name: "rows", supports: isRows, plan: (call) => normalizeRows(call as KernelCall<"normalize">) },
    {
      name: "columns",
      supports: isColumns,
      plan: (call) => normalizeColumns(call as KernelCall<"normalize">),
    },
  ],
  normalizeGrad: [
    { name: "rows", supports: isRows, plan: gradRows },
    { name: "columns", supports: isColumns, plan: gradColumns },
  ],
});

function normalizeRows({ inputs: [x], outputs, attributes }: KernelCall<"normalize">): Dispatch[] {
  const [rows, columns] = x.shape;
  return [
    {
      shader: "normalize/rows",
      reads: [x.storage],
      writes: outputs.map((output) => output.storage),
      params: new Params().u32(rows, columns).f32(attributes.epsilon),
      groups: rows,
    },
  ];
}

/** How the columns of x [rows, columns] are cut, and the workgroups of each of the three dispatches. */
function cut([rows, columns]: readonly number[], epsilon: number) {
  const blocks = ceilDiv(columns, COLUMNS);
  const wanted = Math.min(ceilDiv(rows, LEAST_ROWS), Math.ceil(MANY_GROUPS / Math.max(blocks, 1)));
  const chunkRows = ceilDiv(rows, Math.max(wanted, 1));
  const chunks = chunkRows > 0 ? ceilDiv(rows, chunkRows) : 0;
  return {
    params: new Params().u32(rows, columns, chunks, chunkRows).f32(epsilon),
    partials: new Scratch(2 * chunks * columns),
    partialGroups: chunks * blocks,
    combineGroups: groupsFor(columns),
    applyGroups: groupsFor(rows * columns),
  };
}

function normalizeColumns({ inputs: [x], outputs, attributes }: KernelCall<"normalize">): Dispatch[] {
  const [y, mean, inverseStd, variance] = outputs.map((output) => output.storage);
  const { params, partials, partialGroups, combineGroups, applyGroups } = cut(x.shape, attributes.epsilon);
  return [
    {
      shader: "normalize/columns-moments",
      reads: [x.storage],
      writes: [partials],
      params,
      groups: partialGroups,
    },
    {
      shader: "normalize/columns-combine",
      reads: [partials],
      writes: [mean, inverseStd, variance],
      params,
      groups: combineGroups,
    },
    {
      shader: "normalize/columns-apply",
      reads: [x.storage, mean, inverseStd],
      writes: [y],
      params,
      groups: applyGroups,
    },
  ];
}

function gradRows({ inputs, outputs: [dx] }: KernelCall): Dispatch[] {
  const [rows, columns] = dx.shape;
  return [
    {
      shader: "normalizeGrad/rows",
      reads: inputs.map((input) => input.storage),
      writes: [dx.storage],
      params: new Params().u32(rows, columns),
      groups: rows,
    },
  ];
}

function gradColumns({ inputs, outputs: [dx] }: KernelCall): Dispatch[] {
  const [y, inverseStd, dy] = inputs.map((input) => input.storage);
  const { params, partials, partialGroups, combineGroups, applyGroups } = cut(dx.shape, 0);
  const means = new Scratch(2 * dx.shape[1]);
  return [
    {
      shader: "normalizeGrad/columns-sums",
      reads: [y, dy],
      writes: [partials],
      params,
      groups: partialGroups,
    },
    {
      shader: "normalizeGrad/columns-combine",
      reads: [partials],
      writes: [means],
      params,
      groups: combineGroups,
    },
    {
      shader: "normalizeGrad/columns-apply",
      reads: [y, inverseStd, dy, means],
      writes: [dx.storage],
      params,
      groups: applyGroups,
    },
  ];
}
