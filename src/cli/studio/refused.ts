// What is answered instead of a result: always { "error": a sentence }, with a status.

import type { ServerResponse } from "node:http";
import { UserError } from "../../base/errors.js";

/** A request that is not carried out. */
export class Refused extends UserError {
  override name = "Refused";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const sentenceOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof UserError ? message : `Something went wrong: ${message}`;
};

/** Before anything was sent: a status and the error. Later the connection is broken off, which a reader notices. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof Refused ? error.status : error instanceof UserError ? 422 : 500;
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ error: sentenceOf(error) }));
}
