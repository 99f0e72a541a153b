// The worker that computes: opens the fastest backend (or the one that its URL names), fetches the task's network, takes one picture
// after the other, tells how far it is.

import {
  enhancePixels,
  locate,
  openPicture,
  type PageBackendName,
  pictureFile,
  prepareTask,
  useBackend,
  UserError,
} from "../../src/web.js";
import type { FromWorker, TaskName, ToWorker, Work } from "./messages.js";
import { remarkOn } from "./remark.js";

interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = self as unknown as Scope;

locate("./");
const named = new URLSearchParams(location.search).get("backend") as PageBackendName | null;
const opened = useBackend(named ?? "auto", { onChoice: tell });
opened.then(
  () => named && tell(`${named} computes, as the address asks`),
  (error: unknown) => scope.postMessage({ engine: sentenceOf(error) }),
);

function tell(sentence: string): void {
  scope.postMessage({ engine: `On this machine ${sentence.replace(/\.$/, "")}.` });
}

let running: { readonly id: number; readonly abort: AbortController } | undefined;

scope.onmessage = ({ data }) => {
  if ("work" in data) void perform(data.work);
  else if ("prepare" in data) void prepare(data.prepare);
  else if (running?.id === data.cancel) running.abort.abort();
};

/** What cannot be fetched now is asked for again, and told, when a picture needs it. */
async function prepare(task: TaskName): Promise<void> {
  try {
    await opened;
    await prepareTask(task);
    scope.postMessage({ prepared: task });
  } catch {
    return;
  }
}

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
    const remark = remarkOn({ ...enhanced, isEstimated: enhanced.noise !== undefined }, strength);
    scope.postMessage({ id, result, remark });
  } catch (error) {
    scope.postMessage({ id, error: abort.signal.aborted ? "Cancelled." : sentenceOf(error) });
  } finally {
    running = undefined;
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `Something went wrong: ${error instanceof Error ? error.message : String(error)}`;
}
