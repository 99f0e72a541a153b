// Opens an address in the user's browser, by the program that each system has for it.

import { spawn } from "node:child_process";

/** Resolves with whether there was such a program; what the browser then does is its own. */
export function openInBrowser(url: string): Promise<boolean> {
  const commands: Partial<Record<NodeJS.Platform, readonly string[]>> = {
    darwin: ["open", url],
    win32: ["rundll32", "url.dll,FileProtocolHandler", url],
  };
  const [command, ...args] = commands[process.platform] ?? ["xdg-open", url];
  return new Promise((resolve) => {
    const child = spawn(command, args, { detached: true, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}
