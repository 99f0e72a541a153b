// fovea conformance: every kernel of a backend, and each of its variants, against the specification in float64, with guard words round
// all operands. The cases are inspect/conformance-cases.ts, what is checked is inspect/conformance.ts.

import { Command } from "commander";
import type { Backend } from "../backend/backend.js";
import { type KernelName, kernels } from "../backend/kernels.js";
import { breather } from "../base/breathe.js";
import { UserError } from "../base/errors.js";
import { type CaseResult, chosenCases, conformance } from "../inspect/conformance.js";
import { interruptible } from "./interrupt.js";
import { backendOption, jsonOption, type SharedOptions, threadsOption } from "./options.js";
import { showProgress } from "./progress.js";
import { print, printJson, withBackend } from "./session.js";

interface ConformanceFlags extends SharedOptions {
  variant?: string;
  large?: boolean;
}

const kernelNames = Object.keys(kernels) as KernelName[];

export const conformanceCommand = (): Command =>
  new Command("conformance")
    .description(
      "Compares every kernel's results with the specification's, on the variant that a backend chooses and on each that it has.",
    )
    .argument("[kernel...]", "names such as matmul or conv2dWeightGrad; all by default")
    .addOption(backendOption())
    .addOption(threadsOption())
    .option("--variant <name>", "only this variant, where it supports the case")
    .option("--large", "cases with many operations, too")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea conformance matmul --backend native
  fovea conformance conv2d --variant winograd-4x4 --large
  fovea conformance --backend webgpu --json`,
    )
    .action((names: string[], flags: ConformanceFlags) =>
      interruptible((signal) => withBackend(flags, (backend) => check(backend, names, flags, signal))),
    );

/** What came of a variant on the cases of a kernel. */
interface Row {
  passed: number;
  failed: number;
  error: number;
}

async function check(
  backend: Backend,
  names: readonly string[],
  { variant, large, json }: ConformanceFlags,
  signal: AbortSignal,
): Promise<void> {
  const chosen = knownKernels(names);
  if (variant !== undefined) mustHave(backend, chosen, variant);
  const breathe = breather();
  const rows = new Map<string, Row>();
  let [failed, done] = [0, 0];
  for (const kernel of chosen) {
    const choice = { kernels: [kernel], variant, large };
    const cases = chosenCases(choice).length;
    const progress = showProgress(kernel);
    rows.clear();
    let at = 0;
    try {
      for await (const results of conformance(backend, choice)) {
        signal.throwIfAborted();
        progress.update(++at / cases, `${at} of ${cases} cases`);
        for (const result of results) {
          count(rows, result);
          done++;
          if (!result.ok) failed++;
          if (json) printJson({ backend: backend.name, ...result });
          else if (!result.ok)
            progress.note(`FAIL  ${kernel} ${result.variant}: ${result.name}: ${result.message}`);
        }
        await breathe();
      }
    } finally {
      progress.stop();
    }
    if (!json) for (const [name, row] of rows) printRow(kernel, name, row, cases);
  }
  if (failed > 0)
    throw new UserError(
      `${failed} of ${done} results are not what the specification says; see the lines marked FAIL.`,
    );
  if (!json) print(`all ${done} results on ${backend.name} agree with the specification`);
}

function count(rows: Map<string, Row>, { variant, ok, error }: CaseResult): void {
  const row = rows.get(variant) ?? { passed: 0, failed: 0, error: 0 };
  rows.set(variant, row);
  if (ok) row.passed++;
  else row.failed++;
  row.error = Math.max(row.error, error);
}

function printRow(kernel: string, variant: string, { passed, failed, error }: Row, cases: number): void {
  const share = passed + failed < cases ? ` (it supports ${passed + failed} of ${cases})` : "";
  const result = failed > 0 ? `FAIL  ${failed} wrong, ${passed} right` : `ok    ${passed} cases`;
  print(
    `${kernel.padEnd(18)}${variant.padEnd(24)}${result}${share}, largest error ${error.toExponential(1)}`,
  );
}

function knownKernels(names: readonly string[]): readonly KernelName[] {
  for (const name of names)
    if (!(kernelNames as string[]).includes(name))
      throw new UserError(`There is no kernel ${name}; choose among ${kernelNames.join(", ")}.`);
  return names.length === 0 ? kernelNames : (names as KernelName[]);
}

function mustHave(backend: Backend, chosen: readonly KernelName[], variant: string): void {
  const known = [...new Set(chosen.flatMap((kernel) => backend.variants(kernel).map(({ name }) => name)))];
  if (!known.includes(variant))
    throw new UserError(
      `--variant ${variant} is none of ${backend.name}'s for ${chosen.length === 1 ? chosen[0] : "these kernels"}; choose among ${known.join(", ")}.`,
    );
}
