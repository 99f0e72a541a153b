// The page's end of `fovea studio`: the machine's own backends over HTTP, from the server that sent the page. The picture goes to this
// machine's loopback interface and no further. The server's end is src/cli/studio/.

import type { Engine, EngineNews, Result } from "./engine.js";
import type { TaskName, Work } from "./messages.js";
import { type Done, remarkOn } from "./remark.js";

/** What computes behind the server that sent this page, as it says in the page's head; undefined from any other server. */
export const lentBackend = (): string | undefined =>
  document.querySelector<HTMLMetaElement>('meta[name="fovea-backend"]')?.content;

/** A line of the answer; after the last one, the result's bytes. */
type Line =
  | { readonly share: number }
  | { readonly error: string }
  | ({ readonly type: string; readonly bytes: number } & Done);

export class LentEngine implements Engine {
  private running?: { readonly id: number; readonly abort: AbortController };

  constructor(
    backend: string,
    private readonly news: EngineNews,
  ) {
    news.engine(`On this machine fovea studio computes: ${backend}.`);
  }

  prepare(task: TaskName): void {
    this.news.prepared(task, false);
  }

  async enhance({ id, file, name, task, strength }: Work, onShare: (share: number) => void): Promise<Result> {
    const abort = new AbortController();
    this.running = { id, abort };
    const query = new URLSearchParams({ name, task, strength: String(strength) });
    try {
      const response = await fetch(`api/enhance?${query}`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream" },
        body: file,
        signal: abort.signal,
      });
      return await resultOf(response, strength, onShare);
    } catch (error) {
      if (abort.signal.aborted) throw new Error("Cancelled.", { cause: error });
      if (error instanceof TypeError)
        throw new Error("fovea studio does not answer any more; start it again, and open the address that it prints.", { cause: error }); // prettier-ignore
      throw error;
    } finally {
      this.running = undefined;
    }
  }

  cancel(id: number): void {
    if (this.running?.id === id) this.running.abort.abort();
  }
}

async function resultOf(
  response: Response,
  strength: number,
  onShare: (share: number) => void,
): Promise<Result> {
  if (!response.ok) throw new Error(((await response.json()) as { error: string }).error);
  const reader = response.body!.getReader();
  let pending = new Uint8Array();
  for (;;) {
    const end = pending.indexOf(10);
    if (end < 0) {
      const { done, value } = await reader.read();
      if (done) throw new Error("fovea studio broke off; try again.");
      pending = joined([pending, value]);
      continue;
    }
    const line = JSON.parse(new TextDecoder().decode(pending.subarray(0, end))) as Line;
    pending = pending.slice(end + 1);
    if ("error" in line) throw new Error(line.error);
    if ("share" in line) onShare(line.share);
    else {
      const bytes = await rest(reader, pending);
      if (bytes.length !== line.bytes) throw new Error("fovea studio broke off; try again.");
      return { blob: new Blob([bytes], { type: line.type }), remark: remarkOn(line, strength) };
    }
  }
}

async function rest(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  begun: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = [begun];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(parts);
    parts.push(value);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
