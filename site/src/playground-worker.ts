// The worker that trains the playground's network: one wish after the other, in the order in which they came; a stop at once.

import { locate, type PageBackendName, useBackend, UserError } from "../../src/web.js";
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

locate("./");
const named = new URLSearchParams(location.search).get("backend") as PageBackendName | null;
const opened = useBackend(named ?? "auto", { onChoice: (engine) => tell({ engine }) });

/** Those that a visitor gave; without any, digits of the settings' seed. */
let given: Pictures | undefined;
let trainer: Trainer | undefined;
let stop: AbortController | undefined;
let last: Promise<void> = opened.then(() => {});

scope.onmessage = ({ data }) => {
  if ("begin" in data || ("train" in data && data.train === "stop")) stop?.abort();
  last = last.then(() => carryOut(data)).catch((error: unknown) => tell({ error: sentenceOf(error) }));
};

async function carryOut(wish: ToTrainer): Promise<void> {
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
  if ("train" in wish) {
    if (wish.train !== "stop") await train(trainer, wish.train === "on" ? undefined : wish.train);
  } else if ("inspect" in wish) tell({ trace: await trainer.traced() });
  else if ("decode" in wish) tell({ decoded: await trainer.decode(wish.decode) });
  else tell({ file: await trainer.file() });
}

async function train(trainer: Trainer, steps: number | undefined): Promise<void> {
  stop = new AbortController();
  let losses: [number, number][] = [];
  let shown = performance.now();
  const show = async (): Promise<void> => {
    tell({ losses });
    losses = [];
    tell({ view: await trainer.view() });
    shown = performance.now();
  };
  try {
    await trainer.train(stop.signal, steps, async (loss) => {
      losses.push([trainer.step, loss]);
      if (performance.now() - shown > BETWEEN_VIEWS) await show();
    });
  } finally {
    await show();
    tell({ stopped: trainer.step });
  }
}

function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof UserError || (error as Error).name === "DivergedError"
    ? message
    : `Something went wrong: ${message}`;
}
