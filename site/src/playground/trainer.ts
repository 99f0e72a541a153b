// One network in training: steps, views of it, its next step as a trace. No page and no worker is known here.

import { pageData, pageJson } from "../../../src/inspect/html/page-data.js";
import type { RuleSource } from "../../../src/inspect/files.js";
import { trace } from "../../../src/inspect/trace/trace.js";
import { lossOf as stepLoss, type Subject } from "../../../src/inspect/trace/subject.js";
import { lossOf } from "../../../src/train/names.js";
import { restoreSnapshot, type Snapshot } from "../../../src/train/snapshot.js";
import {
  currentBackend,
  fit,
  grad,
  noGrad,
  type Optimizer,
  scope,
  tensor,
  type TrainingData,
} from "../../../src/web.js";
import { type Pictures, PIXELS } from "./digits.js";
import type { View } from "./messages.js";
import { Autoencoder, batchesOf, optimizerOf, plainNetwork } from "./network.js";
import type { Settings } from "./settings.js";

/** The rules' sources by operation, and of those over axes by "operation 1"; put in when the site is built. */
declare const RULE_SOURCES: Readonly<Record<string, RuleSource | undefined>>;

/** Pictures that views show, codes that the map shows, and filters. */
const SHOWN = 12;
const MAPPED = 400;
const FILTERS = 32;

export class Trainer {
  readonly network: Autoencoder;
  /** Where its numbers are. */
  readonly backend = currentBackend();
  step = 0;
  /** Of the last hundred steps' end, with all steps counted. */
  private kept?: Snapshot;
  private readonly optimizer: Optimizer;
  private readonly batches: TrainingData;

  constructor(
    private readonly settings: Settings,
    private readonly pictures: Pictures,
  ) {
    this.network = new Autoencoder(settings);
    this.network.build([settings.batch, PIXELS], settings.seed);
    this.optimizer = optimizerOf(settings);
    this.batches = batchesOf(pictures, settings);
  }

  /** The same training on the backend that is current now, from its last snapshot on: what a lost GPU held is gone. */
  again(): Trainer {
    this.dispose();
    const next = new Trainer(this.settings, this.pictures);
    if (this.kept) {
      restoreSnapshot({ model: next.network, optimizer: next.optimizer }, this.kept);
      [next.step, next.kept] = [this.kept.step, this.kept];
    }
    return next;
  }

  /** Until the signal, or for so many steps. @param onStep is awaited */
  async train(
    signal: AbortSignal,
    steps: number | undefined,
    onStep: (loss: number) => unknown,
  ): Promise<void> {
    const before = this.step;
    await fit(
      this.network,
      { ...this.batches, batch: (step) => this.batches.batch(before + step) },
      {
        optimizer: this.optimizer,
        loss: this.loss,
        steps,
        signal,
        stepsBefore: before,
        seed: this.settings.seed,
        onSnapshot: (snapshot) => {
          this.kept = { ...snapshot, step: before + snapshot.step };
        },
        onStep: ({ step, loss }) => {
          this.step = before + step;
          return onStep(loss);
        },
      },
    );
  }

  /** The next step, not taken: every node's numbers, formula, kernels and gradient. */
  async traced(): Promise<string> {
    const subject = this.subject();
    const [label, traced] = [`step ${this.step}`, await trace(subject)];
    for (const t of [...subject.inputs, ...subject.targets]) t.dispose();
    const sourceOf = (operation: string, inputs: number) =>
      (inputs === 1 ? RULE_SOURCES[`${operation} 1`] : undefined) ?? RULE_SOURCES[operation];
    return pageJson(pageData([{ label, trace: traced, nudges: [] }], sourceOf));
  }

  async view(): Promise<View> {
    const { count, pixels, labels } = this.pictures;
    using _all = scope();
    const { inputs } = this.batches.batch(this.step);
    const shown = Math.min(SHOWN, this.settings.batch);
    const some = inputs[0].subarray(0, shown * PIXELS);
    const mapped = Math.min(MAPPED, count);
    const [outputs, codes] = noGrad(() => {
      const [center] = this.network.encode(tensor(some, [shown, PIXELS]));
      const all = tensor(pixels.subarray(0, mapped * PIXELS), [mapped, PIXELS]);
      return [this.network.decoder.call(center), this.network.encode(all)[0]];
    });
    const kernel = [...this.network.parameters().values()][0];
    const [gradient] = grad(stepLoss(this.subject()), [kernel]);
    const first = async (t: typeof kernel): Promise<Float32Array> => columns(await t.data(), t.shape[1]);
    return {
      step: this.step,
      inputs: some.slice(),
      outputs: (await outputs.data()) as Float32Array,
      filters: await first(kernel),
      gradients: await first(gradient),
      codes: {
        width: codes.shape[1],
        values: (await codes.data()) as Float32Array,
        labels: labels?.slice(0, mapped),
      },
    };
  }

  async decode(code: readonly number[]): Promise<Float32Array> {
    using _all = scope();
    const picture = noGrad(() =>
      this.network.decoder.call(tensor(Float32Array.from(code), [1, code.length])),
    );
    return (await picture.data()) as Float32Array;
  }

  /** The network as a file that loadModel reads. */
  async file(): Promise<Uint8Array<ArrayBuffer>> {
    const plain = await plainNetwork(this.network);
    try {
      return (await plain.save()) as Uint8Array<ArrayBuffer>;
    } finally {
      plain.dispose();
    }
  }

  dispose(): void {
    this.network.dispose();
  }

  private get loss() {
    return lossOf(this.settings.loss).of;
  }

  private subject(): Subject {
    const { inputs, target } = this.batches.batch(this.step);
    const shape = [this.settings.batch, PIXELS];
    const loss = Object.defineProperty(this.loss.bind(undefined), "name", { value: this.settings.loss });
    return {
      title: "Playground",
      model: this.network,
      inputs: [tensor(inputs[0], shape)],
      targets: [tensor(target as Float32Array, shape)],
      loss,
    };
  }
}

/** Columns of a matrix of PIXELS rows, one after the other: what its first units look for. */
function columns(matrix: ArrayLike<number>, width: number): Float32Array {
  const count = Math.min(FILTERS, width);
  return Float32Array.from(
    { length: count * PIXELS },
    (_, i) => matrix[(i % PIXELS) * width + Math.floor(i / PIXELS)],
  );
}
