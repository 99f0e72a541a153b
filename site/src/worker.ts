// The worker that computes: opens the fastest backend, takes one picture after the other, tells how far it is.

import { enhancePixels, locate, openPicture, pictureFile, useBackend, UserError } from "../../src/web.js";
import type { Enhanced } from "../../src/web.js";
import type { FromWorker, ToWorker, Work } from "./messages.js";

interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = self as unknown as Scope;

locate("./");
const opened = useBackend("auto", {
  onChoice: (sentence) => scope.postMessage({ engine: `Computed on this machine: ${sentence}.` }),
});
opened.catch((error: unknown) => scope.postMessage({ engine: sentenceOf(error) }));

let running: { readonly id: number; readonly abort: AbortController } | undefined;

scope.onmessage = ({ data }) => {
  if ("work" in data) void perform(data.work);
  else if (running?.id === data.cancel) running.abort.abort();
};

async function perform({ id, file, name, task, strength }: Work): Promise<void> {
  const abort = new AbortController();
  running = { id, abort };
  try {
    await opened;
    const image = await openPicture(file, name, abort.signal);
    const enhanced = await enhancePixels(image, {
      task,
      strength,
      signal: abort.signal,
      onProgress: (share) => scope.postMessage({ id, share }),
    });
    const result = await pictureFile(enhanced.image);
    scope.postMessage({ id, result, remark: remarkOn(enhanced, strength) });
  } catch (error) {
    scope.postMessage({ id, error: abort.signal.aborted ? "Cancelled." : sentenceOf(error) });
  } finally {
    running = undefined;
  }
}

/** What was done to the picture, and how sure that is. */
function remarkOn({ untouched, sigmas, noise }: Enhanced, strength: number): string {
  if (strength === 0) return "Strength 0: the picture is as it was.";
  if (untouched) return "No noise was found that each pixel has for itself; the picture is as it was.";
  if (sigmas.length === 0) return "Enhanced.";
  const levels = sigmas.map((sigma) => sigma.toFixed(1)).join(", ");
  return `Enhanced; noise ${noise ? "estimated as" : "of"} ${levels} of 255 levels.`;
}

function sentenceOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `Something went wrong: ${error instanceof Error ? error.message : String(error)}`;
}
