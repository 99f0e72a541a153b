// fovea studio: the web page of site/ on this machine, with this machine's backends behind it, until Ctrl-C. The server is studio/.

import fs from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { UserError } from "../base/errors.js";
import { reasonOf } from "../formats/files.js";
import { Interrupted, interruptible } from "./interrupt.js";
import { backendOption, jsonOption, type SharedOptions, threadsOption, wholeNumber } from "./options.js";
import { print, printJson, say, withBackend } from "./session.js";
import { openInBrowser } from "./studio/open-browser.js";
import { studioServer } from "./studio/server.js";

interface StudioFlags extends SharedOptions {
  port: number;
  open: boolean;
}

/** Both src/cli and dist/cli lie two folders below the package. */
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

export const studioCommand = (): Command =>
  new Command("studio")
    .description(
      "Opens the studio in the browser: the page, and the backend behind it, are this machine's; nobody else can reach them.\n" +
        "Ctrl-C ends it.",
    )
    .option("--port <n>", "of the loopback interface (default: one that is free)", port, 0)
    .option("--no-open", "print the address instead of opening the browser")
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea studio
  fovea studio --port 8123 --no-open`,
    )
    .action((flags: StudioFlags) => interruptible((signal) => studio(flags, signal)));

function port(text: string): number {
  const value = wholeNumber("--port", "8123", 0)(text);
  if (value > 65535) throw new UserError(`--port ${text} is none; give one from 1 to 65535.`);
  return value;
}

async function studio(flags: StudioFlags, signal: AbortSignal): Promise<void> {
  const site = `${packageFolder}site/dist`;
  if (!fs.existsSync(`${site}/index.html`))
    throw new UserError("The page is not built; run: npm run site (it is in the published package).");
  await withBackend(flags, async (backend) => {
    const { server, address } = studioServer({ site, packageFolder, backend, signal });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(new UserError(`Cannot serve on port ${flags.port}: ${reasonOf(error)}`)),
      );
      server.listen(flags.port, "127.0.0.1", resolve);
    });
    const url = address((server.address() as AddressInfo).port);
    if (flags.json) printJson({ url, backend: backend.name });
    else print(`fovea studio: ${url}`);
    if (flags.open && !(await openInBrowser(url))) say("No browser could be opened; open the address above.");
    if (!flags.json) say("Ctrl-C ends it.");
    await untilStopped(signal);
    server.close();
    server.closeAllConnections();
  });
  const { reason } = signal as { reason: unknown };
  throw reason instanceof Interrupted ? reason.saying("the studio is closed.") : reason;
}

const untilStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
