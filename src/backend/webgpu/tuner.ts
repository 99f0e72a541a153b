// Choosing variants by measurement. The first call of a shape class runs by rule of thumb and is noted; the next time
// somebody waits for the GPU, every variant that serves it is timed on memory of the same shapes, and the fastest is taken
// from then on and remembered. Variants of reduced precision are never chosen.

import type { KernelCall, Operand } from "../backend.js";
import { kernels, sizeOf } from "../kernels.js";
import type { WebgpuBackend } from "./backend.js";
import type { PlannedVariant } from "./context.js";
import type { Choices, VariantStore } from "./variant-store.js";

/** Device time that one variant's measurement should take. */
const ENOUGH_SECONDS = 0.005;
const MOST_REPETITIONS = 20;
/** Above this many operations the bottom rung is not even tried. */
const TOO_MUCH_FOR_NAIVE = 2e9;

export class Tuner {
  private readonly wanted = new Map<string, KernelCall>();
  private isTuning = false;

  /** @param choices what is known; it is added to */
  constructor(
    private readonly backend: WebgpuBackend,
    private readonly store: VariantStore,
    private readonly adapter: string,
    private readonly choices: Choices,
  ) {}

  /** The variant measured for a call, or undefined: then the call is noted, to be measured. */
  choice(call: KernelCall): PlannedVariant | undefined {
    const variants = this.candidates(call);
    const shapeClass = variants[0]?.classOf?.(call);
    if (shapeClass === undefined) return undefined;
    if (variants.length === 1) return variants[0];
    const known = variants.find((variant) => variant.name === this.choices[shapeClass]);
    if (!known && !this.isTuning) this.wanted.set(shapeClass, call);
    return known;
  }

  /** Whether a call's variant is still to be measured. */
  isWaitingFor(call: KernelCall): boolean {
    const shapeClass = this.candidates(call)[0]?.classOf?.(call);
    return shapeClass !== undefined && this.wanted.has(shapeClass);
  }

  /** Measures what was noted. */
  async settle(): Promise<void> {
    if (this.isTuning || this.wanted.size === 0) return;
    this.isTuning = true;
    try {
      for (const [shapeClass, call] of this.wanted) this.choices[shapeClass] = await this.fastest(call);
      this.wanted.clear();
      await this.store.save(this.adapter, this.choices);
    } finally {
      this.isTuning = false;
    }
  }

  private candidates(call: KernelCall): PlannedVariant[] {
    return this.backend.catalogue[call.kernel].filter(
      (variant) => !variant.reducedPrecision && variant.supports(call),
    );
  }

  private async fastest(call: KernelCall): Promise<string> {
    const { backend } = this;
    const flops = (kernels[call.kernel].flops as (call: KernelCall) => number)(call);
    const candidates = this.candidates(call).filter(
      ({ name }) => name !== "naive" || flops < TOO_MUCH_FOR_NAIVE,
    );
    const fresh = ({ shape }: Operand): Operand => ({ storage: backend.allocate(sizeOf(shape)), shape });
    const inputs = call.inputs.map(fresh);
    const outputs = call.outputs.map(fresh);
    try {
      let best = { name: candidates[0].name, seconds: Infinity };
      for (const { name } of candidates) {
        const trial = { ...call, inputs, outputs, variant: name };
        const once = await this.seconds(trial, 1, best.seconds);
        if (once < best.seconds) best = { name, seconds: once };
      }
      return best.name;
    } finally {
      for (const { storage } of [...inputs, ...outputs]) backend.release(storage);
    }
  }

  /** Seconds of one call: the second one decides how many more are timed. */
  private async seconds(call: KernelCall, warmUps: number, best: number): Promise<number> {
    const time = async (repetitions: number) => {
      const { deviceSeconds, wallSeconds } = await this.backend.time(() => {
        for (let i = 0; i < repetitions; i++) this.backend.run(call);
      });
      return (deviceSeconds || wallSeconds) / repetitions;
    };
    for (let i = 0; i < warmUps; i++) await time(1);
    const first = await time(1);
    if (first > 3 * best) return first;
    const repetitions = Math.ceil(ENOUGH_SECONDS / Math.max(first, 1e-6));
    return repetitions > 1 ? time(Math.min(repetitions, MOST_REPETITIONS)) : first;
  }
}
