// A model's recorded programs, one for each shape of tiles: recorded when a shape is first seen, kept for the next tiles, replayed
// with new pixels. Where the tiles lie is denoiser.ts.

import { UserError } from "../base/errors.js";
import type { ImageModel } from "../models/index.js";
import { plan, record, type Recorded } from "../tensor/record.js";
import { lasting, scope } from "../tensor/scope.js";
import { sizeOf } from "../tensor/shape.js";
import { noGrad } from "../tensor/tape.js";
import { empty, type Tensor } from "../tensor/tensor.js";

/** Programs kept for tile shapes seen before; sets of photographs usually have one or two sizes. */
const programsKept = 2;

/** One recorded call of the model for tiles of one shape. */
interface TileProgram {
  readonly images: Tensor;
  readonly sigma: Tensor;
  readonly recorded?: Recorded<{ restored: Tensor }>;
}

export class TilePrograms {
  private readonly programs = new Map<string, TileProgram>();

  constructor(
    private readonly model: ImageModel,
    private readonly options: { readonly eager?: boolean; readonly weightsChange?: boolean },
  ) {}

  private programFor(shape: readonly number[], hasMap: boolean): TileProgram {
    const key = keyOf(shape, hasMap);
    const known = this.programs.get(key);
    if (known) return known;
    for (const [oldest, program] of this.programs) {
      if (this.programs.size < programsKept) break;
      disposeProgram(program);
      this.programs.delete(oldest);
    }
    const program = this.recordFor(shape, hasMap);
    this.programs.set(key, program);
    return program;
  }

  private recordFor(shape: readonly number[], hasMap: boolean): TileProgram {
    const { model } = this;
    const [images, sigma] = [lasting(empty(shape)), lasting(empty(sigmaShape(shape, hasMap)))];
    if (this.options.eager) return { images, sigma };
    const weights = [...model.parameters().values(), ...model.state().values()];
    const frozen = this.options.weightsChange ? [] : weights;
    const body = () => noGrad(() => ({ restored: model.restore(images, sigma) }));
    try {
      return { images, sigma, recorded: record(body, { frozen }) };
    } catch (error) {
      disposeProgram({ images, sigma });
      throw error;
    }
  }

  /** The restored pixels, in `into` if that is given. `sigma` in grey levels: one, or one a pixel. */
  async run(
    shape: readonly number[],
    pixels: Float32Array,
    sigma: number | Float32Array,
    into?: Float32Array,
  ): Promise<Float32Array> {
    const program = this.programFor(shape, typeof sigma !== "number");
    program.images.write(pixels);
    program.sigma.write(typeof sigma === "number" ? [sigma / 255] : sigma.map((level) => level / 255));
    if (program.recorded) {
      await program.recorded.run();
      return asFloat32(await program.recorded.outputs.restored.data(into));
    }
    using _step = scope();
    return asFloat32(await noGrad(() => this.model.restore(program.images, program.sigma)).data(into));
  }

  /**
   * Memory of one tile's run: the program's temporaries, its input and its output. What a device cannot hold at all counts as
   * infinite where a smaller tile may be tried. Where it is no more than `allowed`, the program is recorded.
   */
  bytesOf(
    [height, width]: readonly [number, number],
    hasMap: boolean,
    allowed: number,
    maySmaller: boolean,
  ): number {
    const shape = [1, height, width, this.model.channels];
    if (this.options.eager || this.programs.has(keyOf(shape, hasMap))) return 0;
    const { arenaLength } = plan(() =>
      noGrad(() => this.model.restore(empty(shape), empty(sigmaShape(shape, hasMap)))),
    );
    const bytes = 4 * (arenaLength + 2 * sizeOf(shape));
    if (bytes > allowed) return bytes;
    try {
      this.programFor(shape, hasMap);
    } catch (error) {
      if (maySmaller && error instanceof UserError) return Infinity;
      throw error;
    }
    return bytes;
  }

  dispose(): void {
    for (const program of this.programs.values()) disposeProgram(program);
    this.programs.clear();
  }
}

const keyOf = (shape: readonly number[], hasMap: boolean): string => shape.join("x") + (hasMap ? " map" : "");

/** Of the model's second input: one level, or one a pixel. */
const sigmaShape = (images: readonly number[], hasMap: boolean): number[] =>
  hasMap ? [...images.slice(0, 3), 1] : [1];

function disposeProgram({ images, sigma, recorded }: TileProgram): void {
  recorded?.dispose();
  images.dispose();
  sigma.dispose();
}

const asFloat32 = (data: Float32Array | Float64Array): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);
