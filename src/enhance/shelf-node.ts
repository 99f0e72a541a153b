// Networks ready to restore, each read from its file once and shared by all who ask for it.

import { Denoiser, type DenoiserOptions } from "./denoiser.js";
import { type LoadedModel, loadModel } from "../models/files.js";
import { isOfOthers } from "../models/others-node.js";
import { readNetworkOfOthers } from "./others-node.js";
import type { ImageUseHints } from "./probe.js";

export interface Shelved extends LoadedModel {
  readonly denoiser: Denoiser;
}

export class Shelf {
  private readonly loaded = new Map<string, Shelved>();

  /** @param architecture of files from elsewhere that do not say it themselves */
  constructor(
    private readonly options: DenoiserOptions = {},
    private readonly architecture?: string,
  ) {}

  /**
   * Reads a network of others (ONNX, PyTorch's tensors), which takes its time the first time; those of Fovea are read when they are
   * asked for.
   * @param say is told what was found out about it
   */
  async prepare(file: string, hints?: ImageUseHints, say?: (text: string) => void): Promise<void> {
    if (this.architecture !== undefined || this.loaded.has(file) || !isOfOthers(file)) return;
    const model = await readNetworkOfOthers(file, hints, say);
    this.loaded.set(file, { model, file, denoiser: new Denoiser(model, this.options) });
  }

  /**
   * The network of that name, file or folder, on the backend that was current when it was first asked for.
   * @throws UserError when there is none, or its file is not sound
   */
  get(nameOrFile: string): Shelved {
    const known = this.loaded.get(nameOrFile);
    if (known) return known;
    const loaded = loadModel(nameOrFile, this.architecture);
    const shelved = { ...loaded, denoiser: new Denoiser(loaded.model, this.options) };
    this.loaded.set(nameOrFile, shelved);
    return shelved;
  }

  dispose(): void {
    for (const { denoiser, model } of this.loaded.values()) {
      denoiser.dispose();
      model.dispose();
    }
    this.loaded.clear();
  }
}
