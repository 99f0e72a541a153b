// The worker of a page that runs the catalogue of conformance cases: opens the backend that its URL names, runs a kernel's cases,
// answers what went wrong. conformance.test.ts bundles it.
import type { Backend } from "../../src/backend/backend.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { useBackend } from "../../src/backend/select-page.js";
import { pageSurroundings, type ModuleName } from "../../src/backend/wasm/surroundings.js";
import { createWasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { locate } from "../../src/base/places.js";
import { chosenCases, runCase, variantsFor } from "../../src/inspect/conformance.js";

const scope = self as unknown as {
  postMessage(message: Answer): void;
  onmessage: ((event: MessageEvent<Question>) => void) | null;
};

export interface Question {
  readonly kernel: KernelName;
  /** Of the cases that are not large, each so manieth is run. */
  readonly every: number;
  /** A variant that is left out. */
  readonly without?: string;
}

export interface Answer {
  readonly cases: number;
  /** How many results there were, and those that are wrong, a sentence each. */
  readonly results: number;
  readonly failures: readonly string[];
}

locate("./");
const name = new URLSearchParams(location.search).get("backend")!;
const backend: Promise<Backend> = open();

async function open(): Promise<Backend> {
  if (name === "webgpu") return useBackend("webgpu");
  return createWasmBackend(pageSurroundings(), { threads: 2, module: name as ModuleName });
}

async function check({ kernel, every, without }: Question): Promise<Answer> {
  const failures: string[] = [];
  let results = 0;
  const opened = await backend;
  const cases = chosenCases({ kernels: [kernel] }).filter((_, i) => i % every === 0);
  for (const testCase of cases)
    for (const variant of [undefined, ...variantsFor(opened, testCase)]) {
      if (variant !== undefined && variant === without) continue;
      const { ok, name, message } = await runCase(opened, testCase, variant);
      results++;
      if (!ok) failures.push(`${variant ?? "default"}: ${name}: ${message}`);
    }
  return { cases: cases.length, results, failures };
}

scope.onmessage = ({ data }) =>
  void check(data).then(scope.postMessage.bind(self), (error) =>
    scope.postMessage({ cases: 0, results: 0, failures: [String(error)] }),
  );
