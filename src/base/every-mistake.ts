// Many files, some of them bad: all of the user's mistakes in one error, instead of one a try.

import { UserError } from "./errors.js";

/** What `body` makes of each item. Throws one UserError with every message of those it threw; other errors at once. */
export async function withEveryMistake<T, R>(
  items: readonly T[],
  body: (item: T, index: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const mistakes: UserError[] = [];
  for (const [index, item] of items.entries())
    try {
      results.push(await body(item, index));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      mistakes.push(error);
    }
  if (mistakes.length === 1) throw mistakes[0];
  if (mistakes.length > 1)
    throw new UserError(
      `${mistakes.length} of ${items.length} files cannot be used: ${mistakes.map((m) => m.message).join(" ")}`,
    );
  return results;
}
