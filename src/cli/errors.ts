// One sentence for whatever went wrong: what, where, and what to do. Stack traces are for those who ask (FOVEA_DEBUG=1).

import { CommanderError } from "commander";
import { OptionError, UserError } from "../base/errors.js";
import { Interrupted } from "./interrupt.js";

/** The message for stderr, on one line unless stacks are asked for. */
export function explain(error: unknown, command: string | undefined): string {
  if (process.env.FOVEA_DEBUG === "1" && error instanceof Error && error.stack) return error.stack;
  if (error instanceof CommanderError) return `fovea: ${usageMistake(error, command)}`;
  if (error instanceof OptionError) return `fovea: ${flagOf(error.option)} ${oneLine(error.problem)}`;
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (error instanceof UserError || error instanceof Interrupted || isForUsers(error))
    return `fovea: ${message}`;
  return `fovea: unexpected error: ${message} (set FOVEA_DEBUG=1 for the stack)`;
}

/** Flags that are not their options' names in kebab case. */
const flags: Readonly<Record<string, string>> = { architecture: "arch" };

const flagOf = (option: string): string =>
  `--${flags[option] ?? option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Errors of the rooms below that say what happened and what to do, known by name so that nothing heavy is loaded for them. */
function isForUsers(error: unknown): boolean {
  return error instanceof Error && ["DivergedError", "DeviceLostError"].includes(error.name);
}

/** Commander's "error: unknown option '--x'" as a sentence with a way out. */
function usageMistake(error: CommanderError, command: string | undefined): string {
  const what = oneLine(error.message.replace(/^error: /, ""));
  const help =
    command !== undefined && !command.startsWith("-") && !what.includes("unknown command")
      ? `fovea ${command} --help`
      : "fovea --help";
  return `${what}; ${help} tells what there is.`;
}

const oneLine = (text: string): string =>
  text
    .trim()
    .split(/\s*\n\s*/)
    .join(" ");
