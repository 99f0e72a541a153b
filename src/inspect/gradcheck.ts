// Gradcheck: are the gradients that the rules give those of the function that the forward code computes?
//
// On the reference backend in float64, for a function f of some inputs x and fixed random weights r,
//   F(x) = <r, f(x)>      analytic: dF/dx by the tape       numeric: (F(x + h d) - F(x - h d)) / 2h along directions d
// Small inputs are checked element by element, large ones along random directions. With h = 1e-6 the truncation error is about
// h^2 and the rounding error about 1e-16/h = 1e-10 of F, so a relative tolerance of 1e-6 leaves room and still catches any slip.
// Choose inputs away from kinks (relu at 0, ties in a maximum): there the numeric slope is meaningless.

import { checkOptions, describe, isList } from "../base/arguments.js";
import { UserError } from "../base/errors.js";
import { currentBackend, setBackend } from "../backend/current.js";
import { RandomStream } from "../base/random-stream.js";
import { ReferenceBackend } from "../backend/reference/reference-backend.js";
import { add, mul, sum } from "../ops/index.js";
import { scope } from "../tensor/scope.js";
import { type Shape, show, sizeOf } from "../tensor/shape.js";
import { grad } from "../tensor/tape.js";
import { tensor, type Tensor } from "../tensor/tensor.js";

export interface GradcheckInput {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** How finely, and how strictly, gradcheck compares. */
export interface GradcheckOptions {
  /** Half the distance of the two points of the central difference (default 1e-6). */
  step?: number;
  /** Allowed |analytic - numeric| / max(1, |analytic|, |numeric|) (default 1e-6). */
  tolerance?: number;
  /** Also checks the gradient of the gradient's inner product with fixed weights (default false). */
  second?: boolean;
  seed?: number;
}

/** Whether the gradients agree, and where they agree least. */
export interface GradcheckResult {
  readonly ok: boolean;
  /** The largest relative error found, and where. */
  readonly worst: number;
  readonly where: string;
  /** How many directional derivatives were compared. */
  readonly checked: number;
}

/** Inputs up to this size are checked element by element. */
const smallInput = 40;
const directionsOfLarge = 8;

/** Random inputs for gradcheck: normal numbers, or uniform in [low, high). */
export function randomInput(
  shape: Shape,
  seed: number,
  range?: readonly [low: number, high: number],
): GradcheckInput {
  const stream = new RandomStream(seed, 0);
  const next = () => (range ? range[0] + (range[1] - range[0]) * stream.uniform() : stream.normal());
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, next) };
}

/**
 * Compares the tape's gradients of `f` with central differences, for every input.
 * @param f any function of tensors built from operations; its result may have any shape
 * @param inputs where to check; all of them are differentiated
 */
export async function gradcheck(
  f: (...xs: Tensor[]) => Tensor,
  inputs: readonly GradcheckInput[],
  options: GradcheckOptions = {},
): Promise<GradcheckResult> {
  checkOptions("gradcheck", options, { step: true, tolerance: true, second: true, seed: true });
  for (const input of inputs)
    if (!isList(input?.shape) || input.data?.length !== sizeOf(input.shape))
      throw new UserError(
        `gradcheck: an input is { shape, data } with as many numbers as the shape says, not ${describe(input)}; randomInput(shape, seed) makes one.`,
      );
  const { step = 1e-6, tolerance = 1e-6, second = false, seed = 1 } = options;
  const before = currentBackend();
  setBackend(new ReferenceBackend({ precision: "float64" }));
  try {
    const target = second ? gradientOf(f, seed) : f;
    const analytic = await analyticGradients(target, inputs, seed);
    const stream = new RandomStream(seed, 2);
    let [worst, where, checked] = [0, "", 0];
    for (const [i, input] of inputs.entries()) {
      const size = sizeOf(input.shape);
      const small = size <= smallInput;
      for (let k = 0; k < (small ? size : directionsOfLarge); k++) {
        const direction = Float64Array.from({ length: size }, (_, j) =>
          small ? Number(j === k) : stream.normal(),
        );
        const along = direction.reduce((total, d, j) => total + d * analytic[i][j], 0);
        const numeric = await slope(target, inputs, i, direction, step, seed);
        const error = Math.abs(along - numeric) / Math.max(1, Math.abs(along), Math.abs(numeric));
        checked++;
        if (!(error <= worst)) [worst, where] = [error, `input ${i} ${show(input.shape)} ${small ? `element ${k}` : `direction ${k}`}: analytic ${along}, numeric ${numeric}`]; // prettier-ignore
      }
    }
    return { ok: worst <= tolerance, worst, where, checked };
  } finally {
    setBackend(before);
  }
}

/** <r, f(x)> with fixed random weights r, as a one-element tensor. */
function weighted(y: Tensor, seed: number): Tensor {
  const r = randomInput(y.shape, seed + 1000);
  return sum(mul(y, tensor(Float64Array.from(r.data), y.shape)));
}

/** The function that maps x to the sum over inputs of <random weights, dF/dx>: its gradients test the gradients' gradients. */
function gradientOf(f: (...xs: Tensor[]) => Tensor, seed: number): (...xs: Tensor[]) => Tensor {
  return (...xs) => {
    const parts = grad(weighted(f(...xs), seed), xs, { createGraph: true });
    return parts.map((g, i) => weighted(g, seed + 1 + i)).reduce(add);
  };
}

async function analyticGradients(
  f: (...xs: Tensor[]) => Tensor,
  inputs: readonly GradcheckInput[],
  seed: number,
) {
  using _inner = scope();
  const xs = inputs.map(leaf);
  const gradients = grad(weighted(f(...xs), seed), xs);
  return Promise.all(gradients.map((g) => g.data()));
}

async function slope(
  f: (...xs: Tensor[]) => Tensor,
  inputs: readonly GradcheckInput[],
  which: number,
  direction: Float64Array,
  step: number,
  seed: number,
): Promise<number> {
  const at = async (h: number) => {
    using _inner = scope();
    const moved = inputs.map((input, i) =>
      leaf(
        i === which ? { shape: input.shape, data: direction.map((d, j) => input.data[j] + h * d) } : input,
      ),
    );
    return weighted(f(...moved), seed).item();
  };
  return ((await at(step)) - (await at(-step))) / (2 * step);
}

function leaf({ shape, data }: GradcheckInput): Tensor {
  const x = tensor(Float64Array.from(data), shape);
  x.requiresGrad = true;
  return x;
}
