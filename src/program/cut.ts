// Cutting a program into parts, so that a result can be read, and sent away, while the rest is computed.

import type { KernelCall, Storage } from "../backend/backend.js";
import type { Program, Value } from "../backend/program-types.js";
import { inputsOf, outputsOf, usesOf } from "./dataflow.js";

/**
 * Cuts a planned program after each of these results is complete. The calls that write them are first moved up to right behind
 * what they read: a gradient is copied out when it is made, though it was asked for when all were. Nothing else moves, so the
 * places in the arena stay right: values live until their last reader, which only comes earlier.
 */
export function cutAfter(program: Program, results: readonly Storage[]): Program {
  if (results.length === 0) return program;
  const isResult = (value: Value) => value.storage !== undefined && results.includes(value.storage);
  const calls = hoisted(program.calls, (call) => outputsOf(call).every(isResult));
  const endOf = new Map<Storage | undefined, number>();
  for (const [at, call] of calls.entries())
    for (const value of outputsOf(call)) endOf.set(value.storage, at + 1);
  let last = 0;
  const cuts = results.map((result) => (last = Math.max(last, endOf.get(result) ?? 0)));
  return { ...program, calls, cuts };
}

/** The calls, those that are to move right behind the last one that writes what they read or, of their own kind, what they write. */
function hoisted(calls: readonly KernelCall[], moves: (call: KernelCall) => boolean): KernelCall[] {
  const uses = usesOf(calls);
  const lastWrite = (value: Value, before: number): number =>
    Math.max(-1, ...(uses.get(value)?.writes.filter((at) => at < before) ?? []));
  const behind = new Map<number, KernelCall[]>();
  const placeOf = new Map<number, number>();
  const stay: { call: KernelCall; at: number }[] = [];
  for (const [at, call] of calls.entries()) {
    if (!moves(call)) {
      stay.push({ call, at });
      continue;
    }
    const places = [...inputsOf(call), ...outputsOf(call)].map((value) => {
      const writer = lastWrite(value, at);
      return placeOf.get(writer) ?? writer;
    });
    const place = Math.max(...places);
    placeOf.set(at, place);
    behind.set(place, [...(behind.get(place) ?? []), call]);
  }
  return [...(behind.get(-1) ?? []), ...stay.flatMap(({ call, at }) => [call, ...(behind.get(at) ?? [])])];
}
