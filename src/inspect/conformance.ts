// Runs conformance cases on a backend: the result against the float64 specification by normalised mean squared error,
// guard words round every operand, inputs unchanged. What is run is in conformance-cases.ts.

import type { Backend, KernelCall, Operand, Storage } from "../backend/backend.js";
import { sizeOf } from "../backend/kernels.js";
import type { KernelName } from "../backend/kernels.js";
import { ReferenceBackend } from "../backend/reference/reference-backend.js";
import { callOf, makeNumbers } from "./cases/case.js";
import type { ConformanceCase, OutputSpec } from "./cases/case.js";
import { conformanceCases } from "./conformance-cases.js";

export interface CaseResult {
  readonly kernel: KernelName;
  readonly name: string;
  /** The implementation that was forced, or "default" where the backend chose. */
  readonly variant: string;
  readonly ok: boolean;
  /** Largest normalised mean squared error of the outputs. */
  readonly error: number;
  /** What is wrong, in one sentence, where `ok` is false. */
  readonly message?: string;
}

/** Elements before and after every operand. Storages of 64 elements are what Backend.view() can step by. */
const GUARD = 64;
/** What stands round outputs, which kernels may neither change nor, of course, read. */
const SENTINEL = Math.fround(-1.2345e30);

/** Variants that store or multiply in half precision say so in their name; their inputs are rounded to 11 bits. */
const HALF_PRECISION_TOLERANCE = 1e-6;
const isHalfPrecision = (variant: string | undefined): boolean => variant?.includes("f16") ?? false;

/** An operand inside guards: the storage, what was written to it, and the window that the kernel sees. */
interface Guarded {
  readonly storage: Storage;
  readonly contents: Float32Array;
  readonly operand: Operand;
}

function guard(backend: Backend, shape: readonly number[], numbers: Float32Array, around: number): Guarded {
  const contents = new Float32Array(numbers.length + 2 * GUARD).fill(around);
  contents.set(numbers, GUARD);
  const storage = backend.allocate(contents.length);
  backend.write(storage, contents);
  return { storage, contents, operand: { storage: backend.view(storage, GUARD, numbers.length), shape } };
}

/** Remembers what `make` made last: a case is asked for again by every variant, then never more. */
function remembered<T>(make: (testCase: ConformanceCase) => T): (testCase: ConformanceCase) => T {
  let last: { testCase: ConformanceCase; made: T } | undefined;
  return (testCase) => {
    if (last?.testCase !== testCase) last = { testCase, made: make(testCase) };
    return last.made;
  };
}

/** The numbers of a case's inputs, the same at every call. */
export const inputNumbers = remembered((testCase): readonly Float32Array[] =>
  testCase.inputs.map(({ shape, values }, i) =>
    makeNumbers(shape, values, `${testCase.kernel}: ${testCase.name}: ${i}`),
  ),
);

/** What an output holds before the call. */
export const outputNumbers = (testCase: ConformanceCase, { shape, before }: OutputSpec): Float32Array =>
  before
    ? makeNumbers(shape, before, `${testCase.kernel}: ${testCase.name}: before`)
    : new Float32Array(sizeOf(shape)).fill(NaN);

/** What a case gives on a backend, and what it did beside that. */
export interface Execution {
  readonly outputs: readonly Float32Array[];
  /** Changed guard words and inputs, each in half a sentence. */
  readonly faults: readonly string[];
}

/** Runs one case, with `variant` forced if it is given. Throws what the backend throws. */
export async function executeCase(
  backend: Backend,
  testCase: ConformanceCase,
  variant?: string,
): Promise<Execution> {
  const numbers = inputNumbers(testCase);
  // In place means that the input is inside an output's guards.
  const inPlace = new Set(testCase.outputs.map((output) => output.inPlaceOf));
  const inputs = testCase.inputs.map(({ shape }, i) =>
    guard(backend, shape, numbers[i], inPlace.has(i) ? SENTINEL : NaN),
  );
  const outputs = testCase.outputs.map((output) =>
    output.inPlaceOf === undefined
      ? guard(backend, output.shape, outputNumbers(testCase, output), SENTINEL)
      : inputs[output.inPlaceOf],
  );
  const all = new Set([...inputs, ...outputs]);
  try {
    const call = {
      kernel: testCase.kernel,
      inputs: inputs.map(({ operand }) => operand),
      outputs: outputs.map(({ operand }) => operand),
      attributes: testCase.attributes,
      variant,
    } as KernelCall;
    backend.run(call);
    const faults: string[] = [];
    for (const [i, input] of inputs.entries()) {
      if (inPlace.has(i)) continue;
      const after = await backend.read(input.storage);
      const changed = firstChange(input.contents, after, 0, after.length);
      if (changed >= 0) faults.push(`input ${i} was changed ${placeOf(changed, input)}`);
    }
    const results: Float32Array[] = [];
    for (const [i, output] of outputs.entries()) {
      const after = await backend.read(output.storage);
      const end = after.length - GUARD;
      const before = firstChange(output.contents, after, 0, GUARD);
      const behind = firstChange(output.contents, after, end, after.length);
      const changed = before >= 0 ? before : behind;
      if (changed >= 0) faults.push(`output ${i} was written ${placeOf(changed, output)}`);
      results.push(Float32Array.from(after.subarray(GUARD, end)));
    }
    return { outputs: results, faults };
  } finally {
    for (const { storage } of all) backend.release(storage);
  }
}

const sameNumber = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** The first index in [from, to) where the two differ, or -1. */
function firstChange(
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  from: number,
  to: number,
): number {
  for (let i = from; i < to; i++) if (!sameNumber(expected[i], actual[i])) return i;
  return -1;
}

function placeOf(index: number, { contents }: Guarded): string {
  const length = contents.length - 2 * GUARD;
  if (index < GUARD) return `${GUARD - index} elements before its start`;
  const i = index - GUARD;
  return i < length ? `at element ${i}` : `${i - length} elements past its end`;
}

/** The specification's results, which every variant and backend is held to. */
export const expectedOutputs = remembered(async (testCase): Promise<readonly Float64Array[]> => {
  const reference = new ReferenceBackend({ precision: "float64" });
  const store = (shape: readonly number[], numbers: Float32Array): Operand => {
    const storage = reference.allocate(numbers.length);
    reference.write(storage, numbers);
    return { storage, shape };
  };
  const numbers = inputNumbers(testCase);
  const inputs = testCase.inputs.map(({ shape }, i) => store(shape, numbers[i]));
  const outputs = testCase.outputs.map((output) =>
    output.inPlaceOf === undefined
      ? store(output.shape, outputNumbers(testCase, output))
      : inputs[output.inPlaceOf],
  );
  reference.run({ kernel: testCase.kernel, inputs, outputs, attributes: testCase.attributes });
  return (await Promise.all(outputs.map(({ storage }) => reference.read(storage)))) as Float64Array[];
});

/**
 * How far `actual` is from `expected`: sum (a - e)^2 / sum e^2, where e is first rounded to float32 if it is to be met
 * exactly. Of all zeros, the mean square. NaN and infinities must stand where they are expected.
 */
export function compareOutput(
  actual: Float32Array,
  expected: Float64Array,
  exactly = false,
): { error: number; message?: string } {
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    // A float64 result beyond float32's range is an infinity there.
    const rounded = Math.fround(expected[i]);
    if (!Number.isFinite(rounded) || !Number.isFinite(actual[i])) {
      if (!sameNumber(rounded, actual[i]))
        return { error: Infinity, message: `element ${i} is ${actual[i]}, not ${rounded}` };
      continue;
    }
    const e = exactly ? rounded : expected[i];
    difference += (actual[i] - e) ** 2;
    scale += e ** 2;
  }
  if (difference === 0) return { error: 0 };
  return { error: difference / (scale === 0 ? expected.length : scale) };
}

/** Runs one case and judges it; what the backend throws becomes a failed result. */
export async function runCase(
  backend: Backend,
  testCase: ConformanceCase,
  variant?: string,
): Promise<CaseResult> {
  const { kernel, name } = testCase;
  const result = { kernel, name, variant: variant ?? "default" };
  const tolerance = isHalfPrecision(variant) ? HALF_PRECISION_TOLERANCE : testCase.tolerance;
  let execution: Execution;
  try {
    execution = await executeCase(backend, testCase, variant);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { ...result, ok: false, error: Infinity, message: `it threw: ${message}` };
  }
  const expected = await expectedOutputs(testCase);
  const faults = [...execution.faults];
  let error = 0;
  execution.outputs.forEach((output, i) => {
    const comparison = compareOutput(output, expected[i], tolerance === 0);
    error = Math.max(error, comparison.error);
    if (comparison.error <= tolerance) return;
    const worst = comparison.message ?? worstElement(output, expected[i]);
    faults.push(
      `output ${i} has a normalised squared error of ${comparison.error.toExponential(2)}: ${worst}`,
    );
  });
  if (faults.length === 0) return { ...result, ok: true, error };
  return { ...result, ok: false, error, message: faults.join("; ") };
}

function worstElement(actual: Float32Array, expected: Float64Array): string {
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    if (Math.abs(actual[i] - expected[i]) > Math.abs(actual[worst] - expected[worst])) worst = i;
  return `element ${worst} of ${expected.length} is ${actual[worst]}, not ${Math.fround(expected[worst])}`;
}

/** The variants of a backend that can serve a call. */
export const variantsServing = (backend: Backend, call: KernelCall): string[] =>
  backend
    .variants(call.kernel)
    .filter((variant) => variant.supports(call))
    .map(({ name }) => name);

/** The variants of a backend that can serve a case. */
export const variantsFor = (backend: Backend, testCase: ConformanceCase): string[] =>
  variantsServing(backend, callOf(testCase));

/** Runs a case as the backend would by itself, then with every variant that supports it forced (if there are several). */
export async function runCaseOnAllVariants(
  backend: Backend,
  testCase: ConformanceCase,
): Promise<CaseResult[]> {
  const results = [await runCase(backend, testCase)];
  const names = variantsFor(backend, testCase);
  if (names.length > 1) for (const name of names) results.push(await runCase(backend, testCase, name));
  return results;
}

export interface ConformanceChoice {
  /** All by default. */
  readonly kernels?: readonly KernelName[];
  /** Only this implementation, where it supports the case; by default the backend's own choice and each that does. */
  readonly variant?: string;
  /** Whether cases with many operations belong to it. */
  readonly large?: boolean;
}

/** What a choice of kernels takes of the catalogue, in its order. */
export const chosenCases = ({ kernels, large }: ConformanceChoice): readonly ConformanceCase[] =>
  conformanceCases.filter((c) => (large || !c.large) && (!kernels || kernels.includes(c.kernel)));

/** Walks the catalogue on a backend, a case at a time: what came of it on the variants that were chosen. */
export async function* conformance(
  backend: Backend,
  choice: ConformanceChoice = {},
): AsyncGenerator<readonly CaseResult[]> {
  const { variant } = choice;
  for (const testCase of chosenCases(choice))
    if (variant === undefined) yield await runCaseOnAllVariants(backend, testCase);
    else
      yield variantsFor(backend, testCase).includes(variant)
        ? [await runCase(backend, testCase, variant)]
        : [];
}
