// The worker that computes: fetches the task's network, takes one picture after the other, tells how far it is.

import { enhancePixels, openPicture, pictureFile, prepareTask } from "../../src/web.js";
import type { FromWorker, TaskName, ToWorker, Work } from "./messages.js";
import { OpenedBackend, sentenceOf } from "./opened-backend.js";
import { remarkOn } from "./remark.js";

interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = self as unknown as Scope;

const backend = new OpenedBackend((engine) => scope.postMessage({ engine }));
let running: { readonly id: number; readonly abort: AbortController } | undefined;

scope.onmessage = ({ data }) => {
  if ("work" in data) void perform(data.work);
  else if ("prepare" in data) void prepare(data.prepare);
  else if (running?.id === data.cancel) running.abort.abort();
};

/** What cannot be fetched now is asked for again, and told, when a picture needs it. */
async function prepare(task: TaskName): Promise<void> {
  try {
    await backend.ready();
    await prepareTask(task);
    scope.postMessage({ prepared: task, isKept: await isKept() });
  } catch {
    return;
  }
}

/** Whether the service worker kept everything that was loaded: there may be none, and the disk may be full. */
async function isKept(): Promise<boolean> {
  const loaded = [location.href, ...performance.getEntriesByType("resource").map(({ name }) => name)];
  const files = loaded.filter((url) => url.startsWith("http"));
  try {
    const kept = await Promise.all(files.map((url) => caches.match(url, { ignoreSearch: true })));
    return kept.every((response) => response !== undefined);
  } catch {
    return false; // a private window may forbid to look
  }
}

/** Where the GPU is lost, the picture is begun anew. */
async function perform(work: Work): Promise<void> {
  const { id } = work;
  const abort = new AbortController();
  running = { id, abort };
  try {
    await backend.use(() => enhance(work, abort.signal));
  } catch (error) {
    scope.postMessage({ id, error: abort.signal.aborted ? "Cancelled." : sentenceOf(error) });
  } finally {
    running = undefined;
  }
}

async function enhance({ id, file, name, task, strength }: Work, signal: AbortSignal): Promise<void> {
  const image = await openPicture(file, name, signal);
  const onProgress = (share: number): void => scope.postMessage({ id, share });
  const enhanced = await enhancePixels(image, { task, strength, signal, onProgress });
  const result = await pictureFile(enhanced.image);
  const remark = remarkOn({ ...enhanced, isEstimated: enhanced.noise !== undefined }, strength);
  scope.postMessage({ id, result, remark });
}
