// A look at a network's gradients in the middle of training: how large they are in each parameter, which units are dead, and in plain
// words what is wrong with that. The network is run once, eagerly, beside training, and left as it was.

import type { Loss } from "../nn/losses.js";
import { type AnyLayer, observeLayers } from "../nn/layer.js";
import { readTensors, writeTensors } from "../nn/weights.js";
import { scope } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import { grad, observeTape } from "../tensor/tape.js";
import { tensor, type Tensor } from "../tensor/tensor.js";
import { histogramOf, statisticsOf } from "./trace/statistics.js";
import { lossOf } from "./trace/subject.js";
import { number } from "./trace/words.js";

export interface ParameterLook {
  readonly name: string;
  readonly shape: Shape;
  /** Norms of the gradient and of the weights. */
  readonly gradient: number;
  readonly weights: number;
  /** The gradient's least and largest element, and how many lie in each of equally wide bins between. */
  readonly min: number;
  readonly max: number;
  readonly histogram: readonly number[];
}

/** Units that a relu follows: those that were 0 for the whole batch get no gradient. */
export interface UnitsLook {
  readonly layer: string;
  readonly units: number;
  readonly dead: number;
}

export interface GradientLook {
  readonly loss: number;
  readonly parameters: readonly ParameterLook[];
  readonly units: readonly UnitsLook[];
}

/** Plain arrays with their shapes, as a training batch has them. */
export interface LookBatch {
  readonly inputs: readonly { readonly data: Float32Array; readonly shape: Shape }[];
  readonly targets: readonly { readonly data: Float32Array; readonly shape: Shape }[];
}

const bins = 30;

/** Looks at a model with one batch. Moving averages that the pass would move are put back. */
export async function lookAtGradients(model: AnyLayer, batch: LookBatch, loss: Loss): Promise<GradientLook> {
  using _all = scope();
  const before = await readTensors(model.state());
  const made = (list: LookBatch["inputs"]) => list.map(({ data, shape }) => tensor(data, shape));
  const subject = { title: "", model, inputs: made(batch.inputs), targets: made(batch.targets), loss };
  const relus: { layer: string; output: Tensor }[] = [];
  const paths = new Map([...model.layersByPath()].map(([path, layer]) => [layer, path]));
  const open: string[] = [];
  const value = observeLayers(
    (layer, forward) => {
      open.push(paths.get(layer) ?? "");
      try {
        return forward();
      } finally {
        open.pop();
      }
    },
    () =>
      observeTape(
        {
          made: ({ operation, output }) =>
            void (operation === "relu" && relus.push({ layer: open.at(-1) ?? "", output })),
        },
        () => lossOf(subject),
      ),
  );
  const parameters = [...model.parameters()];
  const gradients = grad(value, parameters.map(([, p]) => p)); // prettier-ignore
  const looks: ParameterLook[] = [];
  for (const [i, [name, p]] of parameters.entries()) looks.push(await lookOf(name, p, gradients[i]));
  const units: UnitsLook[] = [];
  for (const { layer, output } of relus) units.push(unitsOf(layer, await output.data(), output.shape));
  writeTensors(model.state(), before, "the model");
  return { loss: await value.item(), parameters: looks, units };
}

async function lookOf(name: string, p: Tensor, gradient: Tensor): Promise<ParameterLook> {
  const values = await gradient.data();
  const { min, max, norm, notFinite } = statisticsOf(values);
  const weights = statisticsOf(await p.data()).norm;
  const all = notFinite > 0 ? NaN : norm;
  return {
    name,
    shape: p.shape,
    gradient: all,
    weights,
    min,
    max,
    histogram: histogramOf(values, min, max, bins),
  };
}

/** A unit is a place on the last axis: a dense layer's output or a convolution's channel. */
function unitsOf(layer: string, values: ArrayLike<number>, shape: Shape): UnitsLook {
  const units = shape.at(-1) ?? 1;
  const alive = new Uint8Array(units);
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) alive[i % units] = 1;
  return { layer, units, dead: units - alive.reduce((a, b) => a + b, 0) };
}

export interface Finding {
  readonly kind: "vanishing" | "exploding" | "dead";
  readonly layer: string;
  /** A sentence: what is wrong, where, and what to try. */
  readonly text: string;
}

/** A layer that learns ten thousand times slower than another does not learn while that one does. */
const vanishingShare = 1e-4;
/** A gradient so many times its weights replaces them in a step or two. */
const explodingRatio = 100;
/** Fewer may well wake up with another batch. */
const deadShare = 0.25;

/**
 * What is wrong, layer by layer. Gradients are measured as shares of their weights, ‖g‖ / ‖w‖, so that wide and narrow layers
 * compare: vanishing is below 1e-4 of the network's largest, exploding is above 100.
 */
export function findingsOf({ parameters, units }: GradientLook): Finding[] {
  const kernels = parameters
    .filter(({ shape, weights }) => shape.length > 1 && weights > 0)
    .map((look) => ({ layer: layerOf(look.name), ratio: look.gradient / look.weights }));
  const most = kernels.reduce((a, b) => (b.ratio > a.ratio ? b : a), { layer: "", ratio: 0 });
  const found: Finding[] = [];
  for (const { layer, ratio } of kernels) {
    if (!Number.isFinite(ratio))
      found.push({ kind: "exploding", layer, text: `${layer}: its gradient is no longer a number; try a smaller learning rate or clipNorm.` }); // prettier-ignore
    else if (ratio > explodingRatio)
      found.push({ kind: "exploding", layer, text: `${layer}: its gradient explodes, it is ${number(ratio)} times as large as its weights; try a smaller learning rate, clipNorm, or smaller initial weights.` }); // prettier-ignore
    else if (ratio < vanishingShare * most.ratio)
      found.push({ kind: "vanishing", layer, text: `${layer}: its gradient vanishes, ${number(ratio)} of its weights and ${number(most.ratio / ratio)} times less than that of ${most.layer}; try relu, a skip connection, normalization, or He's initial weights.` }); // prettier-ignore
  }
  for (const { layer, units: count, dead } of units)
    if (dead >= Math.max(1, deadShare * count))
      found.push({ kind: "dead", layer, text: `${layer || "the model"}: ${dead} of ${count} units are dead, they gave 0 for the whole batch and get no gradient; try leakyRelu, a smaller learning rate, or He's initial weights.` }); // prettier-ignore
  return found;
}

const layerOf = (parameter: string): string => parameter.split(".").slice(0, -1).join(".") || parameter;
