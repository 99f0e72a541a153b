// What a worker computes with: the fastest backend, or the one that its URL names. A GPU that is lost (its driver was reset) is opened
// again; where that fails (browsers refuse it after two losses in two minutes), what is left computes. What was on it is the caller's to
// make anew.

import { locate, type PageBackendName, useBackend, UserError } from "../../src/web.js";

export class OpenedBackend {
  private readonly name = new URLSearchParams(location.search).get("backend") as PageBackendName | null;
  private opened: Promise<unknown>;

  /** @param tell is given a sentence about what computes, or why nothing does */
  constructor(private readonly tell: (sentence: string) => void) {
    locate("./");
    this.opened = this.open();
  }

  /** Resolves when it is open. Rejects with a UserError where it cannot be. */
  async ready(): Promise<void> {
    await this.opened;
  }

  /** Does work on it; once more on one that is opened anew where the GPU is lost meanwhile. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    await this.opened.catch(() => (this.opened = this.open()));
    try {
      return await work();
    } catch (error) {
      if (!isLost(error)) throw error;
    }
    await (this.opened = this.open().catch(() => this.open("auto")));
    return work().catch((error: unknown) => {
      throw isLost(error) ? new UserError("The GPU was lost again; wait a moment, and try again.") : error;
    });
  }

  private open(name: PageBackendName | "auto" = this.name ?? "auto"): Promise<unknown> {
    const tellChoice = (sentence: string): void =>
      this.tell(`On this machine ${sentence.replace(/\.$/, "")}.`);
    const opening = useBackend(name, { onChoice: tellChoice });
    opening.then(
      () => name !== "auto" && tellChoice(`${name} computes, as the address asks`),
      (error: unknown) => this.tell(sentenceOf(error)),
    );
    return opening;
  }
}

const isLost = (error: unknown): boolean => (error as Error).name === "DeviceLostError";

/** An error as one sentence for a visitor. */
export function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isTold = error instanceof UserError || (error as Error).name === "DivergedError";
  return isTold ? message : `Something went wrong: ${message}`;
}
