// Places every temporary in one arena. Two values may share a place when their lives (first write to last read) do not overlap;
// where the backend allows it, a call's output takes the very place of an input that dies there.
// Greedy by size: the largest values choose first, each takes the lowest gap that is free during its life.

import type { Backend } from "../../backend/backend.js";
import type { Program, Value } from "../../backend/program-types.js";
import { type Pass, usesOf } from "../dataflow.js";

/** 64 floats: a cache line many times over, and WebGPU's binding alignment of 256 bytes. */
const alignment = 64;
const aligned = (length: number): number => Math.max(1, Math.ceil(length / alignment)) * alignment;

/** One place, and the values that hold it one after the other. */
interface Life {
  readonly values: Value[];
  readonly length: number;
  readonly first: number;
  last: number;
  offset: number;
}

export const planArena: Pass = (program, backend) => {
  const lives = livesOf(program, backend);
  lives.sort((a, b) => b.length - a.length || a.first - b.first);

  const placed: Life[] = [];
  let arenaLength = 0;
  for (const life of lives) {
    const rivals = placed.filter((p) => p.first <= life.last && life.first <= p.last);
    rivals.sort((a, b) => a.offset - b.offset);
    for (const rival of rivals) {
      if (life.offset + aligned(life.length) <= rival.offset) break;
      life.offset = Math.max(life.offset, rival.offset + aligned(rival.length));
    }
    for (const value of life.values) value.offset = life.offset;
    arenaLength = Math.max(arenaLength, life.offset + aligned(life.length));
    placed.push(life);
  }
  return { ...program, arenaLength };
};

function livesOf({ calls }: Program, backend: Backend): Life[] {
  const lives = new Map<Value, Life>();
  for (const [value, { writes, reads }] of usesOf(calls))
    if (value.isTemporary)
      lives.set(value, {
        values: [value],
        length: value.length,
        first: Math.min(...writes, ...reads),
        last: Math.max(...writes, ...reads),
        offset: 0,
      });
  for (const [i, call] of calls.entries())
    for (const input of backend.mayOverwrite?.(call) ?? []) {
      const made = lives.get(call.outputs[0].storage as Value);
      const used = call.inputs.map(({ storage }) => lives.get(storage as Value));
      const old = used[input];
      if (!made || !old || made === old || made.length !== old.length) continue;
      if (made.first !== i || old.last !== i || used.filter((life) => life === old).length > 1) continue;
      old.last = made.last;
      for (const value of made.values) {
        old.values.push(value);
        lives.set(value, old);
      }
    }
  return [...new Set(lives.values())];
}
