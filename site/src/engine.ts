// The page's end of the worker: one picture at a time, and a cancel that is done at once. A worker that does not stop soon after it was
// asked, as it is in the middle of a tile, is ended and another one started.

import type { FromWorker, ToWorker, Work } from "./messages.js";

/** Milliseconds that a worker has to stop by itself; the promise to whoever cancels is 200. */
const PATIENCE = 120;

export class Engine {
  private worker = this.start();
  private job?: {
    readonly id: number;
    onShare(share: number): void;
    resolve(result: { blob: Blob; remark: string }): void;
    reject(reason: Error): void;
  };

  constructor(private readonly onEngine: (sentence: string) => void) {}

  /** Enhances one picture; the one before it must be done. */
  enhance(work: Work, onShare: (share: number) => void): Promise<{ blob: Blob; remark: string }> {
    return new Promise((resolve, reject) => {
      this.job = { id: work.id, onShare, resolve, reject };
      this.send({ work });
    });
  }

  cancel(id: number): void {
    if (this.job?.id !== id) return;
    this.send({ cancel: id });
    setTimeout(() => {
      if (this.job?.id !== id) return;
      this.worker.terminate();
      this.worker = this.start();
      this.end(id)?.reject(new Error("Cancelled."));
    }, PATIENCE);
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private end(id: number): typeof this.job {
    const { job } = this;
    if (job?.id !== id) return undefined;
    this.job = undefined;
    return job;
  }

  private start(): Worker {
    const worker = new Worker("worker.js", { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("engine" in data) this.onEngine(data.engine);
      else if ("share" in data) {
        if (this.job?.id === data.id) this.job.onShare(data.share);
      } else if ("error" in data) this.end(data.id)?.reject(new Error(data.error));
      else this.end(data.id)?.resolve({ blob: data.result, remark: data.remark });
    };
    worker.onerror = (event) => {
      const sentence = `The worker stopped (${event.message || "it could not be loaded"}); reload the page.`;
      this.onEngine(sentence);
      if (this.job) this.end(this.job.id)?.reject(new Error(sentence));
    };
    return worker;
  }
}
