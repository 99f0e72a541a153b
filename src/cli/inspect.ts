// fovea inspect: what a network is made of, what one step of training does in it, number by number, and what becomes of its calls on
// the way to the machine. What is looked at is inspect/subject.ts, how it is walked through in a terminal inspect/step.ts.

import { Command } from "commander";
import { UserError } from "../base/errors.js";
import { inBytes } from "../base/units.js";
import { readNetworkOfOthers } from "../enhance/others-node.js";
import { loadModel } from "../models/files.js";
import { isOfOthers } from "../models/others-node.js";
import { writeFileAtomic } from "../formats/files.js";
import { tracePage } from "../inspect/html/page.js";
import type { State } from "../inspect/html/page-data.js";
import { traceDot } from "../inspect/trace/dot.js";
import { nudgesOf } from "../inspect/trace/nudge.js";
import { traceText } from "../inspect/trace/text.js";
import { trace } from "../inspect/trace/trace.js";
import { createModel, type ImageModel } from "../models/index.js";
import { printPasses, printSummary } from "./inspect/program.js";
import { stepThrough } from "./inspect/step.js";
import { disposeSubject, subjectsOf, type SubjectFlags } from "./inspect/subject.js";
import {
  architecture,
  backendOption,
  jsonOption,
  modelOption,
  type SharedOptions,
  sigmaOrRange,
  threadsOption,
  wholeNumber,
} from "./options.js";
import { showProgress } from "./progress.js";
import { print, printJson, say, withBackend } from "./session.js";

interface InspectFlags extends SharedOptions, SubjectFlags {
  summary?: boolean;
  program?: boolean;
  inference?: boolean;
  text?: boolean;
  dot?: boolean;
  step?: boolean;
  html?: string;
}

export const inspectCommand = (): Command =>
  new Command("inspect")
    .description(
      "Shows what one step of training does inside a network: every operation on the tape with its numbers, the gradient that\n" +
        "came back there, the rule that sent it on, the kernels that ran. Or prints its layers, or its program before and after each pass.",
    )
    .argument("[script]", "a module that exports `model`, and if it likes `x`, `y` and `loss`")
    .addOption(modelOption())
    .option(
      "--arch <name>",
      "a network by name, with default options, instead of --model (default: unet)",
      architecture("--arch"),
    )
    .option("--text", "the tape: operations, formulas, numbers, gradients, kernels, memory")
    .option("--html <file>", "one page to open in a browser, with everything inside")
    .option("--step", "walk through the pass in the terminal, one operation at a time")
    .option("--dot", "the graph in Graphviz's language")
    .option(
      "--data <where>",
      "the batch: an image, a folder of images, or MNIST's folder (default: a drawn pattern)",
    )
    .option("--loss <name>", "mse, mae, binaryCrossentropy, ... (default: mse)")
    .option(
      "--sigma <n>",
      "noise added to the batch, in grey levels (default: 25 for denoisers)",
      sigmaOrRange,
    )
    .option("--checkpoints <file...>", "states of the same network, oldest first: a slider on the page")
    .option("--summary", "layers, shapes, parameters, operations (what is printed by default)")
    .option(
      "--program",
      "the training step's program before and after each pass, with the bytes of its arena",
    )
    .option("--inference", "with --program: the network's own program instead")
    .option(
      "--size <pixels>",
      "side of the images (default: 64; for a trace 32)",
      wholeNumber("--size", "64"),
    )
    .option("--batch <n>", "images in a batch (default: 16; for a trace 4)", wholeNumber("--batch", "16"))
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea inspect --arch unet
  fovea inspect --arch dense-ae --data mnist/ --html tape.html
  fovea inspect my-network.mjs --step
  fovea inspect --model runs/mine --data photos/ --text
  fovea inspect --model runs/mine --program --inference --batch 1 --size 256`,
    )
    .action((script: string | undefined, flags: InspectFlags) =>
      withBackend(flags, async (backend) => {
        const traced = flags.text || flags.dot || flags.step || flags.html !== undefined;
        if (traced || script !== undefined) return inspectTrace(script, flags);
        const model = await modelOf(flags);
        try {
          if (flags.summary || !flags.program) printSummary(model, flags);
          if (flags.program) printPasses(model, flags, backend);
        } finally {
          model.dispose();
        }
        await backend.finish();
      }),
    );

async function modelOf({ model, arch }: InspectFlags): Promise<ImageModel> {
  if (model !== undefined && arch === undefined && isOfOthers(model))
    return readNetworkOfOthers(model, {}, say);
  return model === undefined ? createModel({ architecture: arch ?? "unet" }) : loadModel(model, arch).model;
}

async function inspectTrace(script: string | undefined, flags: InspectFlags): Promise<void> {
  if (flags.program || flags.summary)
    throw new UserError("--program and --summary do not go with a trace; run fovea inspect once for each.");
  const progress = showProgress("inspect");
  const states: State[] = [];
  try {
    for await (const { label, subject, of } of subjectsOf(script, flags)) {
      const told = await trace(subject);
      const share = (part: number) => progress.update((states.length + part) / of, label);
      const wantsNudges = flags.html !== undefined && told.failure === undefined;
      states.push({ label, trace: told, nudges: wantsNudges ? await nudgesOf(subject, told, share) : [] });
      if (flags.step) {
        progress.stop();
        await stepThrough(subject, told);
      }
      disposeSubject(subject);
    }
  } finally {
    progress.stop();
  }
  const last = states[states.length - 1].trace;
  if (flags.html !== undefined) {
    const page = tracePage(states);
    writeFileAtomic(flags.html, page);
    say(`${flags.html}: ${last.nodes.length} operations, ${inBytes(page.length)}; open it in a browser.`);
  }
  if (flags.json)
    printJson({
      title: last.title,
      loss: last.loss,
      operations: last.nodes.length,
      failure: last.failure?.message,
    });
  else if (flags.dot) print(traceDot(last).trimEnd());
  else if (flags.text || (flags.html === undefined && !flags.step)) print(traceText(last));
  if (last.failure && !flags.step && flags.html === undefined) process.exitCode = 1;
}
