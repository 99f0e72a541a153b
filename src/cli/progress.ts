// Progress on stderr: a bar on a terminal, and a plain line now and then where stderr is a file or a pipe.

import fs from "node:fs";
import cliProgress from "cli-progress";
import { say } from "./session.js";

/** Seconds between plain lines, growing so that a long run does not fill a log. */
const firstPause = 2;
const longestPause = 60;

export interface Progress {
  /** @param share of the work that is done, in [0, 1]; `text` stands behind the bar. */
  update(share: number, text: string): void;
  /** A line that stays, above the bar. */
  note(text: string): void;
  stop(): void;
}

export function showProgress(label: string): Progress {
  return process.stderr.isTTY && process.env.TERM !== "dumb" ? bar(label) : lines(label);
}

/** A bar hides the cursor and cuts lines off; a process that ends in between must not leave the terminal so. */
let barShown = false;
process.on("exit", () => {
  if (!barShown) return;
  try {
    fs.writeSync(2, "\x1b[?25h\x1b[?7h\n");
  } catch {
    // The terminal is gone.
  }
});

function bar(label: string): Progress {
  const total = 1000;
  const shown = new cliProgress.SingleBar({
    stream: process.stderr,
    format: `${label} {bar} {percentage}%  {text}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    fps: 5,
    hideCursor: true,
    gracefulExit: false,
    noTTYOutput: false,
    linewrap: false,
  });
  shown.start(total, 0, { text: "" });
  barShown = true;
  return {
    update: (share, text) => shown.update(Math.round(share * total), { text }),
    note: (text) => {
      process.stderr.write(`\r\x1b[K${text}\n`);
      shown.render();
    },
    stop: () => {
      shown.stop();
      barShown = false;
    },
  };
}

function lines(label: string): Progress {
  let [last, pause] = [performance.now(), firstPause];
  return {
    update: (share, text) => {
      if (performance.now() - last < pause * 1000) return;
      say(`${label} ${Math.floor(share * 100)} %  ${text}`);
      last = performance.now();
      pause = Math.min(longestPause, pause * 1.5);
    },
    note: say,
    stop: () => undefined,
  };
}
