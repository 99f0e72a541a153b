// fovea bench --model network.onnx: the whole network and each of its layers alone, beside ONNX Runtime if that is wanted. Both run in
// turns, one run of each after the other, so that a busy machine slows both alike; how far apart their results are is printed, too.

import { UserError } from "../../base/errors.js";
import { inSeconds } from "../../base/units.js";
import { layerCases } from "../../formats/onnx/layers.js";
import { loadModel } from "../../models/load-model.js";
import type { Model } from "../../models/model.js";
import { toOnnx } from "../../models/onnx-export.js";
import { loadOnnx, type OnnxModel, type OnnxValue } from "../../models/onnx-model.js";
import { isOfOthers, onnxBytesOf } from "../../models/others-node.js";
import type { Inputs } from "../../nn/layer.js";
import { transpose } from "../../ops/index.js";
import { record } from "../../tensor/record.js";
import { scope } from "../../tensor/scope.js";
import { tensor, type Tensor } from "../../tensor/tensor.js";
import { type OnnxRuntime, onnxRuntime } from "./onnxruntime.js";

export interface AgainstOptions {
  readonly model: string;
  readonly against: boolean;
  readonly size: number;
  readonly threads: number;
  readonly seconds: number;
  /** This layer alone. */
  readonly layer: number | undefined;
  readonly json: boolean;
}

interface Work {
  readonly work: string;
  readonly bytes: Uint8Array;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly shapes: string;
  /** How many layers of the network do the same work. */
  readonly count: number;
}

/** Times everything and prints a line for each kind of layer. Throws a UserError for what is no network. */
export async function benchModel(options: AgainstOptions): Promise<void> {
  const rival = options.against ? await onnxRuntime() : undefined;
  const bytes = await bytesOf(options.model);
  const whole = await loadOnnx(bytes);
  const inputs = whole.inputs.map((input) => ({ name: input.name, shape: shapeOf(input, options.size) }));
  whole.dispose();
  const layers = scope(() =>
    layerCases(bytes, options.model, (input) => given(inputs.find(({ name }) => name === input.name)!.shape)),
  );
  const works: Work[] = [{ work: "network", bytes, inputs, shapes: inputs.map(({ shape }) => shape.join("x")).join(", "), count: 1 }]; // prettier-ignore
  const kinds = [...new Set(layers.map(({ kind }) => kind))];
  for (const [i, kind] of kinds.entries()) {
    const alike = layers.filter((layer) => layer.kind === kind);
    works.push({ ...alike[0], work: `${i} ${alike[0].operator}`, count: alike.length });
  }
  const wanted = options.layer === undefined ? works : works.slice(options.layer + 1, options.layer + 2);
  if (wanted.length === 0)
    throw new UserError(
      `--layer ${options.layer} is not among the network's ${kinds.length} kinds of layers, which count from 0.`,
    );
  for (const work of wanted) await one(work, rival, options);
}

async function bytesOf(file: string): Promise<Uint8Array> {
  if (isOfOthers(file)) return onnxBytesOf(file);
  const model = await loadModel(file);
  try {
    return await toOnnx(model as Model<never, Inputs>);
  } finally {
    model.dispose();
  }
}

/** Sizes that the graph leaves free become `size`, channels 3, everything else 1. */
function shapeOf({ shape = [] }: OnnxValue, size: number): number[] {
  const free = shape.length === 4 ? [1, 3, size, size] : shape.map(() => 1);
  return shape.map((n, axis) => (typeof n === "number" ? n : free[axis]));
}

const numbers = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 101) / 101);
const given = (shape: readonly number[]): Tensor => tensor(numbers(shape), shape);

async function one(work: Work, rival: OnnxRuntime | undefined, options: AgainstOptions): Promise<void> {
  const model = await loadOnnx(work.bytes);
  const runs: Record<string, () => Promise<unknown>> = {};
  const own = work.inputs.map(({ shape }) => given(shape));
  const turned = own.map((t) => (t.rank === 4 ? transpose(t, [0, 2, 3, 1]) : t));
  const recorded = record(() => ({ y: first(model.call(turned.length === 1 ? turned[0] : turned)) }), {
    frozen: [...model.parameters().values()],
  });
  runs.fovea = () => recorded.run();
  let apart: number | undefined;
  let release = async (): Promise<void> => undefined;
  if (rival) {
    const session = await rival.InferenceSession.create(work.bytes, { intraOpNumThreads: options.threads, interOpNumThreads: 1 }); // prettier-ignore
    const feeds = Object.fromEntries(work.inputs.map(({ name, shape }) => [name, new rival.Tensor("float32", numbers(shape), shape)])); // prettier-ignore
    runs.onnxruntime = () => session.run(feeds);
    release = () => session.release();
    apart = await difference(model, work, await session.run(feeds));
  }
  const medians = await inTurns(runs, options.seconds);
  print(work, medians, apart, options);
  recorded.dispose();
  await release();
  for (const t of new Set([...own, ...turned])) t.dispose();
  model.dispose();
}

const first = (y: Inputs): Tensor => ("shape" in y ? y : y[0]) as Tensor;

/** The largest difference of the first outputs, as a share of the largest number. */
async function difference(
  model: OnnxModel,
  { inputs }: Work,
  theirs: Record<string, { data: ArrayLike<number> }>,
): Promise<number> {
  const mine = await model.run(Object.fromEntries(inputs.map(({ name, shape }) => [name, given(shape)])));
  const { name } = model.outputs[0];
  const [a, b] = [await mine[name].data(), theirs[name].data];
  let [most, size] = [0, 1e-30];
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(Number(a[i]) - Number(b[i])));
    size = Math.max(size, Math.abs(Number(b[i])));
  }
  for (const t of Object.values(mine)) t.dispose();
  return most / size;
}

/** Median seconds of each, run in turns for about so long, at least five times, after two that are not counted. */
async function inTurns(
  runs: Readonly<Record<string, () => Promise<unknown>>>,
  seconds: number,
): Promise<Record<string, number>> {
  const times = new Map(Object.keys(runs).map((who) => [who, [] as number[]]));
  for (const run of Object.values(runs)) for (let i = 0; i < 2; i++) await run();
  const start = performance.now();
  for (let turn = 0; turn < 5 || performance.now() - start < 1000 * seconds; turn++)
    for (const [who, run] of Object.entries(runs)) {
      const before = performance.now();
      await run();
      times.get(who)!.push((performance.now() - before) / 1000);
    }
  return Object.fromEntries(
    [...times].map(([who, list]) => [who, list.sort((a, b) => a - b)[list.length >> 1]]),
  );
}

function print(
  { work, shapes, count }: Work,
  medians: Record<string, number>,
  apart: number | undefined,
  { model, threads, json }: AgainstOptions,
): void {
  const { fovea, onnxruntime } = medians;
  const ratio = onnxruntime === undefined ? undefined : Number((onnxruntime / fovea).toFixed(2));
  if (json)
    return console.log(JSON.stringify({ model, work, count, shapes, threads, unit: "ms", fovea: inMs(fovea), onnxruntime: inMs(onnxruntime), ratio, difference: apart })); // prettier-ignore
  const far = apart === undefined ? "" : `${apart.toExponential(0).padStart(7)} apart`;
  const beside = ratio === undefined ? "" : `${inSeconds(onnxruntime).padStart(10)} ONNX Runtime${String(ratio).padStart(7)} times as fast${far}`; // prettier-ignore
  const times = count > 1 ? ` (${count} times)` : "";
  console.log(`${(work + times).padEnd(26)}${inSeconds(fovea).padStart(10)}${beside}  ${shapes}`);
}

const inMs = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Number((seconds * 1000).toPrecision(4));
