// Where measured choices of variants are kept from run to run: an interface, so that a browser keeps them in memory only.

/** For one adapter: the chosen variant by shape class. */
export type Choices = Record<string, string>;

export interface VariantStore {
  /** What was saved for this adapter; empty where there is nothing, or nothing readable. */
  load(adapter: string): Promise<Choices>;
  save(adapter: string, choices: Choices): Promise<void>;
}

export class MemoryStore implements VariantStore {
  private readonly saved = new Map<string, Choices>();

  load(adapter: string): Promise<Choices> {
    return Promise.resolve({ ...this.saved.get(adapter) });
  }

  save(adapter: string, choices: Choices): Promise<void> {
    this.saved.set(adapter, { ...choices });
    return Promise.resolve();
  }
}
