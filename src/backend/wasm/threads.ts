// The workers of the module's pool. All are started before the first kernel runs, and only those that answer are counted on: a missing one
// makes the pool smaller, and nothing waits for it.

import type { ModuleInstance } from "./instance.js";
import type { PoolWorker, Surroundings } from "./surroundings.js";

const STACK_BYTES = 512 << 10;
/** Milliseconds that a worker has to start. */
const PATIENCE = 10_000;

export class ThreadPool {
  private constructor(
    private readonly instance: ModuleInstance,
    private readonly workers: readonly PoolWorker[],
  ) {}

  /** Starts the threads beside the caller's own. */
  static async start(
    instance: ModuleInstance,
    threads: number,
    surroundings: Surroundings,
  ): Promise<ThreadPool> {
    const started: Promise<PoolWorker | undefined>[] = [];
    for (let thread = 1; thread < threads; thread++) started.push(startOne(instance, thread, surroundings));
    const workers = (await Promise.all(started)).filter((worker) => worker !== undefined);
    // Each said that it is about to enter the pool.
    const until = performance.now() + PATIENCE;
    while (instance.exports.ready_threads() < workers.length + 1 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 1));
    for (const worker of workers) worker.unref?.();
    return new ThreadPool(instance, workers);
  }

  close(): void {
    this.instance.exports.quit();
    for (const worker of this.workers) worker.terminate();
  }
}

/** The worker once it is ready; undefined if it is not in time or cannot. */
function startOne(
  instance: ModuleInstance,
  thread: number,
  surroundings: Surroundings,
): Promise<PoolWorker | undefined> {
  const { module, memory, exports } = instance;
  const locals = instance.allocate((exports.__tls_size?.value ?? 0) + 64);
  const stack = instance.allocate(STACK_BYTES) + STACK_BYTES;
  return new Promise((resolve) => {
    let worker: PoolWorker;
    const giveUp = (): void => {
      clearTimeout(timer);
      worker?.terminate();
      resolve(undefined);
    };
    const timer = setTimeout(giveUp, PATIENCE);
    try {
      worker = surroundings.startWorker();
    } catch {
      return giveUp(); // a content security policy may forbid workers
    }
    worker.onReply((reply) => {
      if (reply !== "ready") return giveUp();
      clearTimeout(timer);
      resolve(worker);
    });
    worker.post({ module, memory, thread, stack, locals });
  });
}
