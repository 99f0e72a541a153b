// Opens the backend that a test file is about. Where it cannot be opened its tests are skipped with the reason, unless
// an environment variable says that it must be there (as it must in CI).

import type { Backend } from "../../src/backend/backend.js";

export type Opened<B extends Backend> =
  { backend: B; reason?: undefined } | { backend?: undefined; reason: string };

/** @param required the environment variable which, set to 1, makes a failure of what would be skipped */
export async function openOrSkip<B extends Backend>(
  required: string,
  open: () => Promise<B>,
): Promise<Opened<B>> {
  try {
    return { backend: await open() };
  } catch (thrown) {
    if (process.env[required] === "1") throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { reason: message.split("\n")[0] };
  }
}
