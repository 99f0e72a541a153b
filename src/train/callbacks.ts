// What happens between epochs: callbacks as Keras has them, and the history that fit gives back.

/** The figures of a step or an epoch by name: "loss", metrics, and with "val_" before them those of the validation. */
export type Logs = Readonly<Record<string, number>>;

/** What callbacks may do with the model that is trained. */
export interface Trained {
  /** Set to true, training ends after the step that is running. */
  stopTraining: boolean;
  parameters(): Map<string, { data(): Promise<ArrayLike<number>>; write(data: ArrayLike<number>): void }>;
}

/** Every method may be left out, and may be asynchronous. Epochs and batches count from 0. */
export interface Callback {
  onTrainBegin?(model: Trained): unknown;
  onEpochBegin?(epoch: number): unknown;
  onBatchEnd?(batch: number, logs: Logs): unknown;
  onEpochEnd?(epoch: number, logs: Logs): unknown;
  onTrainEnd?(logs: Logs): unknown;
}

/** What fit gives back. */
export interface History {
  /** The epochs that were trained, from 0 on. */
  readonly epoch: number[];
  /** Each figure's value after each epoch: history.loss, history.val_loss, ... */
  readonly history: Record<string, number[]>;
}

/** Which figure is watched, and how patiently. */
export interface EarlyStoppingOptions {
  /** Default "val_loss". */
  monitor?: string;
  /** Epochs without a gain after which training stops (default 0). */
  patience?: number;
  /** The least change that counts as a gain (default 0). */
  minDelta?: number;
  /** Whether smaller is better (default: "max" for accuracies, else "min"). */
  mode?: "min" | "max";
  /** Puts the best epoch's parameters back at the end (default false). */
  restoreBestWeights?: boolean;
}

/** Ends training when a figure has stopped getting better. */
export class EarlyStopping implements Callback {
  private model!: Trained;
  private best = Infinity;
  private wait = 0;
  private kept: Map<string, ArrayLike<number>> | undefined;

  constructor(private readonly options: EarlyStoppingOptions = {}) {}

  onTrainBegin(model: Trained): void {
    this.model = model;
    [this.best, this.wait, this.kept] = [Infinity, 0, undefined];
  }

  async onEpochEnd(_epoch: number, logs: Logs): Promise<void> {
    const { monitor = "val_loss", patience = 0, minDelta = 0, restoreBestWeights = false } = this.options;
    const mode = this.options.mode ?? (/acc/i.test(monitor) ? "max" : "min");
    if (!(monitor in logs)) return;
    const figure = mode === "min" ? logs[monitor] : -logs[monitor];
    if (figure < this.best - minDelta) {
      [this.best, this.wait] = [figure, 0];
      if (!restoreBestWeights) return;
      this.kept = new Map();
      for (const [name, p] of this.model.parameters()) this.kept.set(name, await p.data());
    } else if (++this.wait >= patience) this.model.stopTraining = true;
  }

  onTrainEnd(): void {
    if (this.kept) for (const [name, p] of this.model.parameters()) p.write(this.kept.get(name)!);
  }
}
