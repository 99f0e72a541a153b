// POST api/enhance?name=NAME&task=photo&strength=1, with a picture's bytes. The answer is a stream: lines of JSON { "share": 0.25 }, then
// { "type", "bytes", "untouched", "sigmas", "isEstimated" } and so many bytes of the result, or { "error": a sentence }. Whoever closes
// the connection cancels.

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Backend } from "../../backend/backend.js";
import { enhanceImage } from "../../enhance/enhance.js";
import type { Shelf } from "../../enhance/shelf-node.js";
import { bundledFor, type Task, tasks } from "../../enhance/tasks.js";
import { decodeImage, encodeImage } from "../../image/files.js";
import { Refused, sentenceOf } from "./refused.js";

export interface Lent {
  readonly shelf: Shelf;
  readonly backend: Backend;
  readonly signal: AbortSignal;
}

/** Of one picture's file. How many pixels are read is decodeImage's limit. */
const MOST_BYTES = 256 * 2 ** 20;

interface Wanted {
  readonly name: string;
  readonly task: Task;
  readonly strength: number;
}

export async function enhanceRequest(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { shelf, signal }: Lent,
): Promise<void> {
  if (request.method !== "POST") throw new Refused(405, "Pictures are sent with POST.");
  const { name, task, strength } = wantedBy(url);
  const bytes = await bodyOf(request, name);
  const gone = new AbortController();
  response.on("close", () => gone.abort(new Error("the page has cancelled")));
  const stop = AbortSignal.any([signal, gone.signal]);

  const { image, format } = await decodeImage(bytes, name, { signal: stop });
  response.writeHead(200, { "Content-Type": "application/octet-stream", "Cache-Control": "no-store" });
  const say = (line: object): boolean => response.write(`${JSON.stringify(line)}\n`);
  try {
    const { denoiser } = shelf.get(bundledFor(task, image.channels));
    const onTile = (done: number, total: number): void => void say({ share: done / total });
    const enhanced = await enhanceImage(image, denoiser, { strength, signal: stop, onTile });
    const file = await encodeImage(enhanced.image, format, name);
    const { untouched, sigmas, noise } = enhanced;
    const isEstimated = noise !== undefined;
    say({ type: `image/${format}`, bytes: file.length, untouched, sigmas, isEstimated });
    if (!response.write(file)) await Promise.race([once(response, "drain"), once(response, "close")]);
  } catch (error) {
    if (!stop.aborted) say({ error: sentenceOf(error) });
  }
  response.end();
}

function wantedBy({ searchParams }: URL): Wanted {
  const { name = "The picture", task = "photo", strength = "1" } = Object.fromEntries(searchParams);
  if (!tasks.includes(task as Task))
    throw new Refused(400, `There is no task ${task}; choose one of ${tasks.join(", ")}.`);
  const amount = strength === "" ? NaN : Number(strength);
  if (!(amount >= 0 && amount <= 2))
    throw new Refused(400, `The strength ${strength} is not within 0 to 2; give for example 1.`);
  return { name, task: task as Task, strength: amount };
}

/** All that is sent; refused as soon as it is more than is taken. */
async function bodyOf(request: IncomingMessage, name: string): Promise<Uint8Array> {
  const tooLarge = new Refused(413, `${name} has more than ${MOST_BYTES >> 20} MB; use the command fovea enhance.`); // prettier-ignore
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw tooLarge;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw tooLarge;
    parts.push(part);
  }
  if (bytes === 0) throw new Refused(400, `${name} is empty; get the file again.`);
  return Buffer.concat(parts);
}
