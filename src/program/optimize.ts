// The passes in order. Each is a pure function from program to program; `fovea inspect --program` prints what each one did.

import type { Backend } from "../backend/backend.js";
import type { Program } from "../backend/program-types.js";
import type { Pass } from "./dataflow.js";
import { chooseVariants } from "./passes/choose-variants.js";
import { dropDead } from "./passes/drop-dead.js";
import { foldEpilogue } from "./passes/fold-epilogue.js";
import { foldUpsample } from "./passes/fold-upsample.js";
import { fuseElementwise } from "./passes/fuse-elementwise.js";
import { planArena } from "./passes/plan-arena.js";
import { skipBroadcasts } from "./passes/skip-broadcasts.js";

export const passes: readonly (readonly [name: string, pass: Pass])[] = [
  ["drop dead calls", dropDead],
  ["fold upsampling into convolutions", foldUpsample],
  ["fold epilogues into products", foldEpilogue],
  ["read originals of stretched copies", skipBroadcasts],
  ["fuse element-by-element calls", fuseElementwise],
  ["drop dead calls again", dropDead],
  ["choose variants", chooseVariants],
  ["place temporaries in the arena", planArena],
];

/** Runs all passes, for the backend that will run the program. `watch` is told the program after each one. */
export function optimize(
  program: Program,
  backend: Backend,
  watch?: (pass: string, after: Program) => void,
): Program {
  return passes.reduce((before, [name, pass]) => {
    const after = pass(before, backend);
    watch?.(name, after);
    return after;
  }, program);
}
