// The page's end of the worker: one picture at a time, and a cancel that is done at once. A worker that does not stop soon after it was
// asked, as it is in the middle of a tile, is ended and another one started.

import type { FromWorker, TaskName, ToWorker, Work } from "./messages.js";

export interface Result {
  readonly blob: Blob;
  readonly remark: string;
}

/** What computes: the page's own worker, or the machine's backends, lent by `fovea studio` (lent.ts). */
export interface Engine {
  /** Enhances one picture; the one before it must be done. Rejects with a sentence. */
  enhance(work: Work, onShare: (share: number) => void): Promise<Result>;
  cancel(id: number): void;
  /** Gets ready what a task needs, so that enhancing asks the network for nothing. */
  prepare(task: TaskName): void;
}

/** What is told of it: a sentence about what computes, and the tasks that are ready, also without a network where all is kept. */
export interface EngineNews {
  engine(sentence: string): void;
  prepared(task: TaskName, isKept: boolean): void;
}

/** Milliseconds that a worker has to stop by itself; the promise to whoever cancels is 200. */
const PATIENCE = 120;

export class PageEngine implements Engine {
  private readonly tasks = new Set<TaskName>();
  private worker: Worker;
  private job?: {
    readonly id: number;
    onShare(share: number): void;
    resolve(result: Result): void;
    reject(reason: Error): void;
  };

  constructor(private readonly news: EngineNews) {
    this.worker = this.start();
  }

  enhance(work: Work, onShare: (share: number) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.job = { id: work.id, onShare, resolve, reject };
      this.send({ work });
    });
  }

  prepare(task: TaskName): void {
    this.tasks.add(task);
    this.send({ prepare: task });
  }

  cancel(id: number): void {
    if (this.job?.id !== id) return;
    this.send({ cancel: id });
    setTimeout(() => {
      if (this.job?.id !== id) return;
      this.worker.terminate();
      this.worker = this.start();
      for (const task of this.tasks) this.send({ prepare: task });
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
    const backend = new URLSearchParams(location.search).get("backend");
    const query = backend ? `?backend=${encodeURIComponent(backend)}` : "";
    const worker = new Worker(`worker.js${query}`, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("engine" in data) this.news.engine(data.engine);
      else if ("prepared" in data) this.news.prepared(data.prepared, data.isKept);
      else if ("share" in data) {
        if (this.job?.id === data.id) this.job.onShare(data.share);
      } else if ("error" in data) this.end(data.id)?.reject(new Error(data.error));
      else this.end(data.id)?.resolve({ blob: data.result, remark: data.remark });
    };
    worker.onerror = (event) => {
      const sentence = `The worker stopped (${event.message || "it could not be loaded"}); reload the page.`;
      this.news.engine(sentence);
      if (this.job) this.end(this.job.id)?.reject(new Error(sentence));
    };
    return worker;
  }
}
