// What `fovea enhance` does to one picture: a network's work or a classical method's, and what is said about it.

import { UserError } from "../../base/errors.js";
import { applyMethod, type Chosen, describeMethod } from "../../enhance/classical/apply.js";
import { type Enhanced, enhanceImage } from "../../enhance/enhance.js";
import { enlargeImage, scaleOf } from "../../enhance/enlarge.js";
import { isCorrelated } from "../../enhance/noise.js";
import type { Shelf, Shelved } from "../../enhance/shelf-node.js";
import { bundledFor, type Task } from "../../enhance/tasks.js";
import type { Image } from "../../image/image.js";
import { clock } from "../../base/units.js";
import type { Progress } from "../progress.js";
import { rounded } from "../session.js";

export interface Outcome {
  readonly image: Image;
  /** Follows the picture's name in what is said: ", noise sigma 12". */
  readonly remark: string;
  /** A line of its own. */
  readonly warning?: string;
  /** For the line of JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Enhancer = (image: Image, progress: Progress, signal: AbortSignal) => Promise<Outcome>;

interface NetworkFlags {
  readonly model?: string;
  readonly task?: Task;
  readonly strength?: number;
  readonly sigma: number | "auto";
  readonly tile?: number;
}

export const byNetwork =
  (shelf: Shelf, backend: string, { model, task = "photo", strength, sigma, tile }: NetworkFlags): Enhancer =>
  async (image, progress, signal) => {
    const tell = teller(progress);
    const onTile = (done: number, total: number) => tell(done / total, `tile ${done}/${total}, `);
    const network = shelf.get(model ?? bundledFor(task, image.channels));
    const scale = scaleOf(network.denoiser.model);
    if (scale > 1) {
      if (strength !== undefined && strength !== 1)
        throw new UserError(`${network.file} enlarges, which has no strength; leave --strength out.`);
      const level = sigma === "auto" ? 0 : sigma;
      const larger = await enlargeImage(image, network.denoiser, { sigma: level, onTile, signal });
      return { image: larger, remark: `, ${scale} times as large`, fields: { scale, backend } };
    }
    const options = { sigma, strength, onTile, signal };
    const enhanced = await enhanceImage(image, network.denoiser, options);
    const { noise, sigmas, untouched } = enhanced;
    const fields = {
      sigma: sigmas.map((s) => rounded(s, 2)),
      ...(noise && { correlated: isCorrelated(noise) }),
      untouched,
      backend,
    };
    const remark = remarkOn(enhanced, sigma === "auto");
    const warnings = [warningOn(enhanced, network), wastedOn(image, network, tile)];
    const warning = warnings.filter((line) => line !== undefined).join("\n") || undefined;
    return { image: enhanced.image, remark, warning, fields };
  };

function remarkOn({ untouched, sigmas }: Enhanced, isEstimated: boolean): string {
  if (untouched)
    return isEstimated
      ? ", no noise found that each pixel has for itself, left as it was (--task photo takes out what a camera or a JPEG has smoothed)"
      : ", left as it was";
  const levels = sigmas.map((s) => s.toFixed(1)).join(", ");
  return sigmas.length === 0 ? "" : `, noise ${isEstimated ? "estimated as " : ""}sigma ${levels}`;
}

function warningOn({ noise, sigmas }: Enhanced, network: Shelved): string | undefined {
  if (network.denoiser.model.takesSigma && noise && isCorrelated(noise))
    return "  neighbouring pixels share their noise, as after a camera's own processing or a JPEG; this network takes out only what each has for itself, --task photo the rest.";
  return beyondTraining(network, sigmas);
}

/** Tiles not much larger than their overlap compute most pixels again and again. */
function wastedOn({ width, height }: Image, { denoiser }: Shelved, tile?: number): string | undefined {
  if (tile === undefined || denoiser.model.imageSize || Math.max(width, height) <= tile) return undefined;
  const overlap = 2 * denoiser.rules.margin;
  const times = (side: number) => ((side / (side - overlap)) ** 2).toFixed(1);
  return tile < 2 * overlap
    ? `  tiles of ${tile} overlap by ${overlap} pixels, so that a pixel is computed up to ${times(tile)} times; --tile ${4 * overlap} would make that ${times(4 * overlap)}, and without --tile the best size is taken.`
    : undefined;
}

export const byMethod =
  (method: Chosen): Enhancer =>
  async (image, progress, signal) => {
    const enhanced = await applyMethod(image, method, { onProgress: teller(progress), signal });
    return { image: enhanced, remark: "", fields: { method: describeMethod(method) } };
  };

/** Shows a share that is done, with the time that the rest will take. */
function teller(progress: Progress): (share: number, text?: string) => void {
  const started = performance.now();
  return (share, text = "") => {
    const seconds = (performance.now() - started) / 1000;
    progress.update(share, `${text}${clock((seconds / share) * (1 - share))} left`);
  };
}

/** A network knows the noise levels that it was trained on. */
function beyondTraining({ file, config }: Shelved, sigmas: readonly number[]): string | undefined {
  const { sigma: trained = Infinity } = config ?? {};
  const most = typeof trained === "number" ? trained : trained[1];
  const beyond = Math.max(...sigmas);
  return beyond > most
    ? `  sigma ${beyond.toFixed(1)} is more noise than ${file} was trained on (up to ${most}); look at the result.`
    : undefined;
}
