// What a kernel call becomes on the GPU: a short list of dispatches. A plan (plans/*.ts) writes them down; the backend
// encodes them at once, an executable prepares them for many replays.

import type { Storage } from "../backend.js";

/** A block of a dispatch's own numbers: the uniform struct `Params` of its shader, field by field. */
export class Params {
  readonly words = new Uint32Array(64);
  private readonly floats = new Float32Array(this.words.buffer);
  private length = 0;

  u32(...values: readonly number[]): this {
    for (const value of values) this.words[this.length++] = value;
    return this;
  }

  f32(...values: readonly number[]): this {
    for (const value of values) this.floats[this.length++] = value;
    return this;
  }

  /** An array<vec4, n>: `values`, filled up with zeros. */
  vec4s(count: number, values: readonly number[], kind: "u32" | "f32" = "u32"): this {
    while (this.length % 4 !== 0) this.length++;
    const start = this.length;
    this[kind](...values);
    this.length = start + 4 * count;
    return this;
  }
}

/** Room for intermediate results between two dispatches of one call. */
export class Scratch {
  constructor(readonly length: number) {}
}

export type Binding = Storage | Scratch;

export interface Dispatch {
  /** A name in shaders/, without the ending. */
  shader: string;
  /** Text that replaces the shader's own: generated from it by the plan. */
  source?: string;
  constants?: Record<string, number>;
  /** Bindings 0, 1, ... of group 1, read only; then, after them, those that are written. `undefined`: not used. */
  reads: readonly (Binding | undefined)[];
  writes: readonly Binding[];
  params: Params;
  /** How many workgroups; the shader finds its own with `groupIndex` of include/fold.wgsl. */
  groups: number;
}

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/** Workgroups in two dimensions when they are too many for one; the shader skips those beyond `groups`. */
export function fold(groups: number, most: number): [number, number] {
  if (groups <= most) return [groups, 1];
  const rows = ceilDiv(groups, most);
  if (rows > most) throw new Error(`${groups} workgroups are more than ${most} x ${most}`);
  return [ceilDiv(groups, rows), rows];
}
