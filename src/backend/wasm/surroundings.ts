// What the WebAssembly backend needs of the machine round it: the modules' bytes, and workers. Node's are in surroundings-node.ts.

import { fetchBytes } from "../../base/places.js";

/** The modules, best last. Threads share memory, which a page may do only where it is isolated (crossOriginIsolated). */
export const moduleNames = ["simd", "simd-threads", "relaxed-simd-threads"] as const;
export type ModuleName = (typeof moduleNames)[number];

/** A worker that runs workerSource. */
export interface PoolWorker {
  post(message: object): void;
  /** Called with "ready", once, or with why the worker cannot work. */
  onReply(listener: (reply: string) => void): void;
  /** From now on the worker does not keep a process alive. */
  unref?(): void;
  terminate(): void;
}

export interface Surroundings {
  /** The module's bytes. Throws a UserError where there are none. */
  read(name: ModuleName): Promise<Uint8Array<ArrayBuffer>>;
  startWorker(): PoolWorker;
  /** May the calling thread sleep? A page's main thread must not. */
  readonly maySleep: boolean;
  /** Threads that the machine runs at once. */
  readonly cores: number;
}

/**
 * What a worker does, as a function of the message that starts it and of what answers: it makes an instance of the module with a stack
 * and thread-local variables of its own, and stays in work() until the pool ends. It is text, so that it needs no file of its own,
 * which a bundler would have to find.
 */
export const workerSource = `async ({ module, memory, thread, stack, locals }, reply) => {
  let exports;
  try {
    const fail = (text, length) => {
      throw new Error(new TextDecoder().decode(new Uint8Array(memory.buffer, text >>> 0, length).slice()));
    };
    const { sin, cos, log, pow } = Math;
    const env = { memory, fail, now: () => performance.now(), sin, cos, log, pow };
    ({ exports } = await WebAssembly.instantiate(module, { env }));
    exports.__stack_pointer.value = stack;
    exports.__wasm_init_tls(locals);
  } catch (error) {
    return reply(String(error));
  }
  reply("ready");
  try {
    exports.work(thread);
  } catch (error) {
    exports.give_up();
    reply(String(error));
  }
}`;

/** A page's, or a page's worker's. */
export function pageSurroundings(): Surroundings {
  return {
    read: (name) => fetchBytes(`wasm/${name}.wasm`),
    startWorker() {
      const text = `self.onmessage = ({ data }) => (${workerSource})(data, (reply) => self.postMessage(reply));`;
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      const worker = new Worker(url);
      return {
        post: (message) => worker.postMessage(message),
        onReply(listener) {
          worker.onmessage = ({ data }) => {
            URL.revokeObjectURL(url);
            listener(data as string);
          };
          worker.onerror = (event) => listener(event.message || "the worker did not start");
        },
        terminate: () => worker.terminate(),
      };
    },
    maySleep: typeof document === "undefined",
    cores: navigator.hardwareConcurrency ?? 1,
  };
}
