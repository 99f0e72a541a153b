// Node's side of the WebAssembly backend: the modules lie in wasm/ beside src/ and dist/, workers are worker threads.

import fs from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { UserError } from "../../base/errors.js";
import {
  type ModuleName,
  moduleNames,
  type PoolWorker,
  type Surroundings,
  workerSource,
} from "./surroundings.js";

const folder = new URL("../../../wasm/", import.meta.url);
const fileOf = (name: ModuleName): string => fileURLToPath(new URL(`${name}.wasm`, folder));

/** Why not all of the WebAssembly backend can be used here, in one sentence; undefined if it can. */
export const wasmProblem = (): string | undefined =>
  moduleNames.map(problemOf).find((problem) => problem !== undefined);

const problemOf = (name: ModuleName): string | undefined =>
  fs.existsSync(fileOf(name)) ? undefined : `there is no WebAssembly module ${name}; run: npm run build:wasm`;

export const nodeSurroundings: Surroundings = {
  async read(name) {
    const problem = problemOf(name);
    if (problem) throw new UserError(problem);
    return new Uint8Array(fs.readFileSync(fileOf(name)));
  },
  startWorker(): PoolWorker {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
       parentPort.once("message", (message) => (${workerSource})(message, (reply) => parentPort.postMessage(reply)));`,
      { eval: true, execArgv: process.execArgv.filter((flag) => flag.startsWith("--experimental-wasm")) },
    );
    return {
      post: (message) => worker.postMessage(message),
      onReply(listener) {
        worker.on("message", listener);
        worker.on("error", (error) => listener(String(error)));
      },
      unref: () => worker.unref(),
      terminate: () => void worker.terminate(),
    };
  },
  maySleep: true,
  cores: os.availableParallelism(),
};
