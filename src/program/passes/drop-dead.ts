// Drops calls whose results nobody reads: their outputs are temporaries that no later kept call needs.

import type { Value } from "../../backend/program-types.js";
import { inputsOf, outputsOf, type Pass, withCalls } from "../dataflow.js";

export const dropDead: Pass = (program) => {
  const needed = new Set<Value>();
  const kept = [...program.calls].reverse().filter((call) => {
    const live = outputsOf(call).some((value) => !value.isTemporary || needed.has(value));
    if (live) for (const value of inputsOf(call)) needed.add(value);
    return live;
  });
  return withCalls(program, kept.reverse());
};
