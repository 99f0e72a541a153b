// `fovea train --dry-run`: what a run would take, without one. A few steps and one validation are made on the run's own data and
// network, and nothing is written.

import type { Backend } from "../../backend/backend.js";
import { inBytes, inFull } from "../../base/units.js";
import { UserError } from "../../base/errors.js";
import { patchBatches } from "../../data/patch-batches.js";
import { Adam } from "../../optim/index.js";
import { alone } from "../../ranks/ranks.js";
import { type Forecast, forecastOf, forecastText, type StepCost, stepCost } from "../../train/forecast.js";
import { MovingAverage } from "../../train/moving-average.js";
import { print, printJson } from "../session.js";
import type { Parts } from "./parts.js";
import { lossOf, type RunConfig, type TrainFlags } from "./run-config.js";

/** @param doneSteps steps that a run which is resumed has made */
export async function dryRun(
  { patches, model, average, validator }: Parts,
  config: RunConfig,
  doneSteps: number,
  flags: TrainFlags,
  backend: Backend,
  signal: AbortSignal,
): Promise<void> {
  const optimizer = new Adam(config.lr);
  const follower = average && new MovingAverage(average, config.ema!);
  const data = patchBatches(patches, model);
  const options = { optimizer, loss: lossOf(config.loss), average: follower, eager: flags.eager };
  try {
    const cost = await stepCost(model, data, { ...options, seed: config.seed, signal });
    const started = performance.now();
    await validator?.measure(alone);
    const validationSeconds = validator ? (performance.now() - started) / 1000 : 0;
    const count = countsOf(config, data.stepsPerEpoch, cost, { ...validator?.cadence, validationSeconds }, doneSteps); // prettier-ignore
    const forecast = forecastOf(cost, { batchSize: config.batch, validationSeconds, ...count });
    tell(forecast, config, patches.size, flags, backend);
  } finally {
    optimizer.dispose();
  }
}

/** How often a step and a validation are made until the nearest limit. */
function countsOf(
  { steps = Infinity, epochs = Infinity, minutes = Infinity }: RunConfig,
  stepsPerEpoch: number,
  { seconds, secondsBefore }: StepCost,
  validation: { everySteps?: number; everySeconds?: number; validationSeconds: number },
  doneSteps: number,
): { steps: number; validations: number } {
  // A validation comes every so many steps, or when so many seconds have passed since the last.
  const stepsBetween =
    validation.everySteps ?? Math.max(1, Math.ceil((validation.everySeconds ?? Infinity) / seconds));
  const withShare = seconds + validation.validationSeconds / stepsBetween;
  const inTime = Math.max(1, Math.floor((60 * minutes - secondsBefore) / withShare));
  const left = Math.max(0, Math.min(steps, epochs * stepsPerEpoch) - doneSteps);
  const made = Math.min(left, inTime);
  if (made === Infinity)
    throw new UserError(
      "--dry-run cannot tell when --stop-loss or --patience will end a run; add --steps, --epochs or --minutes.",
    );
  return { steps: made, validations: validation.validationSeconds > 0 ? Math.ceil(made / stepsBetween) : 0 };
}

function tell(
  forecast: Forecast,
  { model, data }: RunConfig,
  images: number,
  { json }: TrainFlags,
  backend: Backend,
): void {
  const processBytes = 1024 * process.resourceUsage().maxRSS;
  if (json)
    return printJson({
      ...{ event: "forecast", model: model.architecture, images, backend: backend.name },
      ...{ ...forecast, processBytes },
    });
  const { parameters } = forecast;
  print(`${model.architecture}, ${inFull(parameters)} parameters, on ${inFull(images)} images of ${data}`);
  print(forecastText(forecast).replace(/(Memory: .*)/, `$1; ${inBytes(processBytes)} for the whole process`));
}
