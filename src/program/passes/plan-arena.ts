// Places every temporary in one arena. Two values may share a place when their lives (first write to last read) do not overlap.
// Greedy by size: the largest values choose first, each takes the lowest gap that is free during its life.

import type { Value } from "../../backend/program-types.js";
import { type Pass, usesOf } from "../dataflow.js";

/** 64 floats: a cache line many times over, and WebGPU's binding alignment of 256 bytes. */
const alignment = 64;
const aligned = (length: number): number => Math.max(1, Math.ceil(length / alignment)) * alignment;

interface Life {
  readonly value: Value;
  readonly first: number;
  readonly last: number;
}

export const planArena: Pass = (program) => {
  const lives: Life[] = [];
  for (const [value, { writes, reads }] of usesOf(program.calls))
    if (value.isTemporary)
      lives.push({ value, first: Math.min(...writes, ...reads), last: Math.max(...writes, ...reads) });
  lives.sort((a, b) => b.value.length - a.value.length || a.first - b.first);

  const placed: Life[] = [];
  let arenaLength = 0;
  for (const life of lives) {
    const rivals = placed.filter((p) => p.first <= life.last && life.first <= p.last);
    rivals.sort((a, b) => a.value.offset - b.value.offset);
    let offset = 0;
    for (const { value } of rivals) {
      if (offset + aligned(life.value.length) <= value.offset) break;
      offset = Math.max(offset, value.offset + aligned(value.length));
    }
    life.value.offset = offset;
    arenaLength = Math.max(arenaLength, offset + aligned(life.value.length));
    placed.push(life);
  }
  return { ...program, arenaLength };
};
