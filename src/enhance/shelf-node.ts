// Networks ready to restore, each read from its file once and shared by all who ask for it.

import { Denoiser, type DenoiserOptions } from "./denoiser.js";
import { type LoadedModel, loadModel } from "../models/files.js";

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
