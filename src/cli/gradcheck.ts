// fovea gradcheck: every differentiable operation's gradient against finite differences, in float64 on the reference backend.
// The cases are inspect/gradcheck-cases.ts, the method inspect/gradcheck.ts.

import { Command } from "commander";
import { breather } from "../base/breathe.js";
import { UserError } from "../base/errors.js";
import { gradcheck } from "../inspect/gradcheck.js";
import { gradcheckCases } from "../inspect/gradcheck-cases.js";
import { interruptible } from "./interrupt.js";
import { jsonOption } from "./options.js";
import { print, printJson } from "./session.js";

interface GradcheckFlags {
  second?: boolean;
  json?: boolean;
}

export const gradcheckCommand = (): Command =>
  new Command("gradcheck")
    .description(
      "Compares the gradients that the operations' rules give with finite differences, in float64.",
    )
    .argument("[operation...]", "names such as conv2d or matMul; all by default")
    .option("--second", "check the gradients' own gradients, too")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea gradcheck
  fovea gradcheck conv2d softmax --second`,
    )
    .action((operations: string[], flags: GradcheckFlags) =>
      interruptible((signal) => check(operations, flags, signal)),
    );

async function check(
  operations: readonly string[],
  flags: GradcheckFlags,
  signal: AbortSignal,
): Promise<void> {
  const all = gradcheckCases();
  const known = [...new Set(all.map((c) => c.operation))];
  for (const name of operations)
    if (!known.includes(name))
      throw new UserError(`There is no operation ${name} to check; choose among ${known.join(", ")}.`);
  const breathe = breather();
  let failed = 0;
  let done = 0;
  for (const { operation, what, f, inputs } of all) {
    if (operations.length > 0 && !operations.includes(operation)) continue;
    for (const second of flags.second ? [false, true] : [false]) {
      signal.throwIfAborted();
      const { ok, worst, where, checked } = await gradcheck(f, inputs, { second });
      done++;
      if (!ok) failed++;
      const order = second ? "second" : "first";
      if (flags.json) printJson({ operation, what, order, ok, worst, checked, ...(ok ? {} : { where }) });
      else
        print(
          `${ok ? "ok  " : "FAIL"}  ${operation.padEnd(16)} ${second ? "second order, " : ""}${what}: ${checked} slopes, worst error ${worst.toExponential(1)}${ok ? "" : `, ${where}`}`,
        );
      await breathe();
    }
  }
  if (failed > 0) throw new UserError(`${failed} of ${done} gradients are wrong; see the lines marked FAIL.`);
  if (!flags.json) print(`all ${done} gradients agree with finite differences`);
}
