// Which temporaries of a program share a buffer: greedily by size, the largest first, each into the first buffer whose
// other users do not live at the same time (Pisarchyk and Lee, "Efficient memory management for deep neural net
// inference", 2020: "greedy by size" for shared objects).

import { Value } from "../program-types.js";
import type { Binding, Dispatch } from "./dispatch.js";
import { Scratch } from "./dispatch.js";

export interface Sharing {
  /** Elements of each buffer. */
  lengths: number[];
  bufferOf: Map<Binding, number>;
}

interface Life {
  binding: Binding;
  first: number;
  last: number;
}

const isTemporary = (binding: Binding | undefined): binding is Binding =>
  binding instanceof Scratch || (binding instanceof Value && binding.isTemporary);

export function shareBuffers(dispatches: readonly Dispatch[]): Sharing {
  const lives = new Map<Binding, Life>();
  dispatches.forEach((dispatch, step) => {
    for (const binding of [...dispatch.reads, ...dispatch.writes]) {
      if (!isTemporary(binding) || binding.length === 0) continue;
      const life = lives.get(binding);
      if (life) life.last = step;
      else lives.set(binding, { binding, first: step, last: step });
    }
  });
  const lengths: number[] = [];
  const users: Life[][] = [];
  const bufferOf = new Map<Binding, number>();
  const largestFirst = [...lives.values()].sort((a, b) => b.binding.length - a.binding.length);
  for (const life of largestFirst) {
    const overlaps = (other: Life) => life.first <= other.last && other.first <= life.last;
    let index = users.findIndex((lived) => !lived.some(overlaps));
    if (index < 0) {
      index = users.length;
      users.push([]);
      lengths.push(life.binding.length);
    }
    users[index].push(life);
    bufferOf.set(life.binding, index);
  }
  return { lengths, bufferOf };
}
