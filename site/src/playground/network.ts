// The playground's network: pictures through dense layers to a code and back, and its batches. Page, worker and tests make the same one
// from the same settings.

import {
  Adam,
  add,
  type CallContext,
  Dense,
  exp,
  Input,
  Layer,
  mean,
  Model,
  mul,
  type Optimizer,
  randomNormal,
  Sequential,
  SGD,
  slice,
  square,
  sub,
  sum,
  type Tensor,
  type TrainingData,
} from "../../../src/web.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { readTensors, writeTensors } from "../../../src/nn/weights.js";
import { type Pictures, PIXELS } from "./digits.js";
import type { Settings } from "./settings.js";

/** A code from its cloud: mean + e^(log variance / 2) n, so that the gradient reaches both. */
class Sample extends Layer<readonly Tensor[]> {
  protected forward([center, logVariance]: readonly Tensor[], { counter }: CallContext): Tensor {
    const noise = randomNormal(center.shape, { seed: this.drawSeed(), counter });
    return add(center, mul(exp(mul(logVariance, 0.5)), noise));
  }
}

/** [batch, 784] to [batch, 784]. */
export class Autoencoder extends Model {
  readonly encoder: Sequential;
  readonly decoder: Sequential;
  readonly sample?: Sample;

  constructor(readonly settings: Settings) {
    super();
    const { hidden, code, activation, variational } = settings;
    const dense = (units: number): Dense => new Dense(units, { activation });
    this.encoder = new Sequential([...hidden.map(dense), new Dense(variational ? 2 * code : code)]);
    const pixels = new Dense(PIXELS, { activation: "sigmoid" });
    this.decoder = new Sequential([...[...hidden].reverse().map(dense), pixels]);
    if (variational) this.sample = new Sample();
  }

  /** The codes, or the centres of their clouds and the logarithms of the clouds' variances, [batch, code] each. */
  encode(x: Tensor, context?: CallContext): Tensor[] {
    const all = this.encoder.call(x, context);
    const { code, variational } = this.settings;
    const sizes = [x.shape[0], code];
    return variational ? [0, 1].map((i) => slice(all, [0, i * code], sizes)) : [all];
  }

  protected override forward(x: Tensor, context: CallContext): Tensor {
    const [center, logVariance] = this.encode(x, context);
    if (!this.sample) return this.decoder.call(center, context);
    // How far the cloud is from a standard normal one, in nats a pixel, as the other losses are means over pixels.
    const each = mul(0.5, sub(add(square(center), exp(logVariance)), add(1, logVariance)));
    context.addLoss?.("kl", mul(mean(sum(each, { axis: 1 })), 1 / PIXELS));
    return this.decoder.call(this.sample.call([center, logVariance], context), context);
  }
}

/**
 * The same network as the exported code makes it (code.ts), with its weights: its file is read by loadModel without this page's classes.
 * Of a variational network, without the clouds: codes are their centres.
 */
export async function plainNetwork(network: Autoencoder): Promise<Sequential> {
  const { hidden, code, activation } = network.settings;
  const dense = (units: number): Dense => new Dense(units, { activation });
  const plain = new Sequential([
    Input({ shape: [PIXELS] }),
    ...[...hidden.map(dense), new Dense(code, { name: "code" }), ...[...hidden].reverse().map(dense)],
    new Dense(PIXELS, { activation: "sigmoid" }),
  ]);
  const trained = [...(await readTensors(network.parameters())).values()];
  const weights = [...plain.parameters()].map(([name, { shape }], i) => {
    const { data, shape: wide } = trained[i];
    const [from, to] = [wide.at(-1)!, shape.at(-1)!];
    return [name, { shape, data: from === to ? data : data.filter((_, k) => k % from < to) }] as const;
  });
  writeTensors(plain.parameters(), new Map(weights), "the playground's network");
  return plain;
}

export const optimizerOf = ({ optimizer, learningRate }: Settings): Optimizer =>
  optimizer === "adam" ? new Adam(learningRate) : new SGD(learningRate, { momentum: 0.9 });

/** Batch number `step` is always the same: which pictures, and the noise on them. */
export function batchesOf({ count, pixels }: Pictures, { batch, noise, seed }: Settings): TrainingData {
  return {
    inputShapes: [[batch, PIXELS]],
    targetShape: [batch, PIXELS],
    stepsPerEpoch: Math.ceil(count / batch),
    batch(step) {
      const stream = new RandomStream(seed, 1000 + step);
      const target = new Float32Array(batch * PIXELS);
      for (let i = 0; i < batch; i++) {
        const from = Math.floor(count * stream.uniform()) * PIXELS;
        target.set(pixels.subarray(from, from + PIXELS), i * PIXELS);
      }
      const input = noise > 0 ? target.map((x) => x + noise * stream.normal()) : target;
      return { inputs: [input], target };
    },
  };
}
