// Progress as Keras draws it: on a terminal a bar that is drawn again in place, elsewhere a line an epoch.
//
//   Epoch 1/50
//   235/235 ━━━━━━━━━━━━━━━━━━━━ 1s 5ms/step - loss: 0.2770 - val_loss: 0.1899

import { host } from "../base/host.js";
import type { Callback, Logs } from "./callbacks.js";

const LENGTH = 20;
/** Milliseconds between two drawings. */
const PAUSE = 50;

/** @param verbose 0 nothing, 1 a bar (a line an epoch where there is no terminal), 2 a line an epoch */
export function progressBar(epochs: number, steps: number, verbose: 0 | 1 | 2): Callback {
  if (verbose === 0) return {};
  const terminal = verbose === 1 ? host.terminal : undefined;
  let epochBegan = 0;
  let drawn = 0;
  const seconds = () => (performance.now() - epochBegan) / 1000;
  return {
    onEpochBegin(epoch) {
      [epochBegan, drawn] = [performance.now(), 0];
      const title = `Epoch ${epoch + 1}/${epochs}`;
      if (terminal) terminal.write(`${title}\n`);
      else console.log(title);
    },
    onBatchEnd(batch, logs) {
      if (!terminal || performance.now() - drawn < PAUSE) return;
      drawn = performance.now();
      terminal.write(`\r${barLine(batch + 1, steps, seconds(), logs)}\x1b[K`);
    },
    onEpochEnd(_epoch, logs) {
      if (terminal) terminal.write(`\r${barLine(steps, steps, seconds(), logs)}\x1b[K\n`);
      else console.log(epochLine(steps, seconds(), logs));
    },
  };
}

/** One state of the bar, in colours: what is done in green. While it runs, the seconds are those that are left. */
export function barLine(done: number, steps: number, seconds: number, logs: Logs): string {
  const full = Math.round((LENGTH * done) / steps);
  const bar = `\x1b[32m${"━".repeat(full)}\x1b[0m\x1b[37m${"━".repeat(LENGTH - full)}\x1b[0m`;
  const shown = done < steps ? (seconds / done) * (steps - done) : seconds;
  const digits = String(steps).length;
  return `${String(done).padStart(digits)}/${steps} ${bar} ${Math.round(shown)}s ${pace(seconds / done)}${figures(logs)}`;
}

export const epochLine = (steps: number, seconds: number, logs: Logs): string =>
  `${steps}/${steps} - ${Math.round(seconds)}s - ${pace(seconds / steps)}${figures(logs)}`;

function pace(secondsPerStep: number): string {
  if (secondsPerStep >= 1) return `${Math.round(secondsPerStep)}s/step`;
  const milliseconds = secondsPerStep * 1000;
  return milliseconds >= 1
    ? `${Math.round(milliseconds)}ms/step`
    : `${Math.round(milliseconds * 1000)}us/step`;
}

/** " - loss: 0.0931 - val_loss: 1.2000e-05" */
const figures = (logs: Logs): string =>
  Object.entries(logs)
    .map(([name, x]) => ` - ${name}: ${Math.abs(x) > 1e-3 || x === 0 ? x.toFixed(4) : x.toExponential(4)}`)
    .join("");
