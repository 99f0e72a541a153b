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
let opened = open();

function open(): Promise<unknown> {
  const opening = useBackend(named ?? "auto", { onChoice: tell });
  opening.then(
    () => named && tell(`${named} computes, as the address asks`),
    (error: unknown) => scope.postMessage({ engine: sentenceOf(error) }),
  );
  return opening;
}

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

/** A GPU that is lost (its driver was reset) is opened again, or what is faster by then, and the picture begun anew. */
async function perform(work: Work): Promise<void> {
  const { id } = work;
  const abort = new AbortController();
  running = { id, abort };
  try {
    await opened.catch(() => (opened = open()));
    await enhance(work, abort.signal).catch(async (error: unknown) => {
      if ((error as Error).name !== "DeviceLostError") throw error;
      await (opened = open());
      await enhance(work, abort.signal);
    });
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

function sentenceOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `Something went wrong: ${error instanceof Error ? error.message : String(error)}`;
}
