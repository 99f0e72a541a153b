// The worker that trains the playground's network: one wish after the other, in the order in which they came; a stop at once.

import { currentBackend } from "../../src/web.js";
import { OpenedBackend, sentenceOf } from "./opened-backend.js";
import { drawnDigits, type Pictures } from "./playground/digits.js";
import type { FromTrainer, ToTrainer } from "./playground/messages.js";
import { Trainer } from "./playground/trainer.js";

const scope = self as unknown as {
  postMessage(message: FromTrainer): void;
  onmessage: ((event: MessageEvent<ToTrainer>) => void) | null;
};
const tell = (message: FromTrainer): void => scope.postMessage(message);

/** Milliseconds between two views of a network in training, and digits that are drawn. */
const BETWEEN_VIEWS = 400;
const DRAWN = 2000;

const backend = new OpenedBackend((engine) => tell({ engine }));

/** Those that a visitor gave; without any, digits of the settings' seed. */
let given: Pictures | undefined;
let trainer: Trainer | undefined;
/** Of the last wish to train. */
let stop = new AbortController();
let last: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data }) => {
  const isTraining = "train" in data && data.train !== "stop";
  if ("begin" in data || ("train" in data && typeof data.train === "string")) stop.abort();
  if (isTraining) stop = new AbortController();
  const { signal } = stop;
  last = last
    .then(() => backend.use(() => carryOut(data, signal)))
    .then(() => undefined, sentenceOf)
    .then((error) => {
      if (isTraining) tell({ stopped: true });
      if (error !== undefined) tell({ error });
    });
};

async function carryOut(wish: ToTrainer, signal: AbortSignal): Promise<void> {
  if ("begin" in wish) {
    given = wish.pictures ?? given;
    const pictures = given ?? drawnDigits(DRAWN, wish.begin.seed);
    trainer?.dispose();
    trainer = new Trainer(wish.begin, pictures);
    tell({ begun: `${pictures.count} pictures` });
    tell({ view: await trainer.view() });
    return;
  }
  if (!trainer) return;
  if (trainer.backend !== currentBackend()) trainer = trainer.again();
  if ("train" in wish) {
    if (wish.train !== "stop") await train(trainer, wish.train === "on" ? undefined : wish.train, signal);
  } else if ("inspect" in wish) tell({ trace: await trainer.traced() });
  else if ("decode" in wish) tell({ decoded: await trainer.decode(wish.decode) });
  else tell({ file: await trainer.file() });
}

async function train(trainer: Trainer, steps: number | undefined, signal: AbortSignal): Promise<void> {
  let losses: [number, number][] = [];
  let shown = performance.now();
  const show = async (): Promise<void> => {
    tell({ losses });
    losses = [];
    tell({ view: await trainer.view() });
    shown = performance.now();
  };
  try {
    await trainer.train(signal, steps, async (loss) => {
      losses.push([trainer.step, loss]);
      if (performance.now() - shown > BETWEEN_VIEWS) await show();
    });
  } finally {
    await show();
  }
}
