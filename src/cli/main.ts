#!/usr/bin/env node
// The command `fovea`: finds the command that was asked for, loads that one alone, and turns whatever goes wrong into one
// sentence and an exit code: 0 done, 1 an error, others interrupted (interrupt.ts). What a command does is in the file of its name.

import { Command, CommanderError } from "commander";
import { launchedBy } from "../ranks/launcher-node.js";
import { explain } from "./errors.js";
import { Interrupted, pipeClosed } from "./interrupt.js";

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  enhance: {
    summary: "make photographs better: take the noise out of them",
    load: async () => (await import("./enhance.js")).enhanceCommand(),
  },
  studio: {
    summary: "open the studio in the browser, on this machine's backends",
    load: async () => (await import("./studio.js")).studioCommand(),
  },
  models: {
    summary: "list the bundled networks, or print one's card",
    load: async () => (await import("./models.js")).modelsCommand(),
  },
  convert: {
    summary: "write a network as ONNX or safetensors; read ONNX and PyTorch's files",
    load: async () => (await import("./convert.js")).convertCommand(),
  },
  compare: {
    summary: "show what methods and networks make of a picture, beside each other",
    load: async () => (await import("./compare.js")).compareCommand(),
  },
  train: {
    summary: "train a network on a folder of images",
    load: async () => (await import("./train.js")).trainCommand(),
  },
  eval: {
    summary: "measure a network on clean images: noise is added, PSNR and SSIM are printed",
    load: async () => (await import("./eval.js")).evalCommand(),
  },
  demo: {
    summary: "train a small network and enhance a photograph with it, in a minute or two",
    load: async () => (await import("./demo.js")).demoCommand(),
  },
  bench: {
    summary: "time the workloads that rivals run under the same names",
    load: async () => (await import("./bench.js")).benchCommand(),
  },
  inspect: {
    summary: "show one step of training inside a network, number by number; its layers; its program",
    load: async () => (await import("./inspect.js")).inspectCommand(),
  },
  gradcheck: {
    summary: "check every operation's gradient against finite differences",
    load: async () => (await import("./gradcheck.js")).gradcheckCommand(),
  },
  conformance: {
    summary: "check every kernel, and each of its variants, against the specification",
    load: async () => (await import("./conformance.js")).conformanceCommand(),
  },
  doctor: {
    summary: "tell which backends work here, which do not, and what would mend them",
    load: async () => (await import("./doctor.js")).doctorCommand(),
  },
  "build-addon": {
    summary: "build the C++ addon for this machine, where the package has none that fits",
    load: async () => (await import("./build-addon.js")).buildAddonCommand(),
  },
};

const examples = `
Examples:
  fovea train --data photos/ --val holdout/ --sigma 0..55 --minutes 20 --out runs/mine
  fovea enhance photo.png --model runs/mine
  fovea eval --model runs/mine --data holdout/ --sigma 25
  fovea doctor
`;

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("fovea")
    .description("A neural engine written from scratch, and autoencoders that enhance images with it.")
    .usage("COMMAND [options]")
    .helpCommand(false)
    .addHelpText("after", examples);
  const asked = args[0] === "help" ? args[1] : args[0];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = name === asked ? await load() : new Command(name);
    program.addCommand(command.summary(summary));
  }
  if (args.includes("--version") || args.includes("-V")) {
    const { version } = await import("./version.js");
    console.log(version());
    return;
  }
  program.option("-V, --version", "print the version");
  for (const command of [program, ...program.commands]) strict(command);
  const full = args[0] === "help" ? [...args.slice(1, 2), "--help"] : args;
  await program.parseAsync(full.length === 0 ? ["--help"] : full, { from: "user" });
}

/** Errors are thrown instead of printed, and say in the same sentence where help is. */
function strict(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => undefined });
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return pipeClosed();
  throw error;
});
process.stderr.on("error", pipeClosed); // a closed pipe, or a terminal that is gone

/** Of processes that mpirun or srun started together rank 0 speaks; what others know alone they have said (ranks.ts). */
const isSpokenFor = (): boolean =>
  ["train", "enhance"].includes(process.argv[2]) &&
  !process.argv.includes("--no-mpi") &&
  (launchedBy(process.env)?.rank ?? 0) > 0;

function fail(error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) return; // --help
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
  if ((error instanceof Interrupted && error.message === "") || isSpokenFor()) return;
  process.stderr.write(`${explain(error, process.argv[2])}\n`);
}

for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error) => {
    fail(error);
    process.exit();
  });

try {
  await main(process.argv.slice(2));
} catch (error) {
  fail(error);
}
