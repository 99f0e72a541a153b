// What callers give, checked where they give it: options by name, words from a list, counts. Each mistake is told in one
// sentence that names the function, the argument and what it may be. Tensors and shapes are checked in ops/ and tensor/.

import { UserError } from "./errors.js";

/** Refuses options that are not among `known`, with the nearest that is; `where` names the function or the layer. */
export function checkOptions<T extends object>(
  where: string,
  options: T,
  known: { readonly [Name in keyof Required<T>]: true },
): void {
  const names = Object.keys(known);
  if (typeof options !== "object" || options === null || Array.isArray(options) || isInstance(options))
    throw new UserError(
      `${where}: its options are an object, such as { ${names[0]}: ... }, not ${describe(options)}.`,
    );
  for (const name of Object.keys(options))
    if (!Object.hasOwn(known, name))
      throw new UserError(`${where} has no option ${JSON.stringify(name)}; ${suggestion(name, names)}`);
}

/** The value, if it is one of the words that are known. */
export function oneOf<T extends string>(where: string, what: string, value: T, known: readonly T[]): T {
  if (!known.includes(value))
    throw new UserError(
      `${where}: the ${what} ${describe(value)} is not known; ${suggestion(String(value), known)}`,
    );
  return value;
}

/** The entry of `table` that is called `name`: 'There is no loss "msee"; did you mean "mse"?' */
export function named<T>(kind: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new UserError(
    `There is no ${kind} ${describe(name)}; ${suggestion(String(name), Object.keys(table))}`,
  );
}

/** Refuses what is not a whole number from `least` on. */
export function checkCount(where: string, what: string, value: unknown, least = 1): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new UserError(
      `${where}: ${what} must be a whole number of at least ${least}, not ${describe(value)}.`,
    );
}

/** One number for height and width, or [y, x], as a pair; both must be whole numbers of at least 1. */
export function pairOf(
  where: string,
  what: string,
  value: number | readonly [number, number],
): readonly [number, number] {
  const pair = typeof value === "number" ? ([value, value] as const) : value;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((n) => Number.isSafeInteger(n) && n >= 1))
    throw new UserError(
      `${where}: ${what} must be a whole number of at least 1, or two of them [y, x], not ${describe(value)}.`,
    );
  return pair as readonly [number, number];
}

/** Array.isArray, without narrowing a readonly array to any. */
export const isList = (value: unknown): boolean => Array.isArray(value);

/** A value in words, for messages: `"SAME"`, `[1, 2]`, `null`, `a Float32Array`. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.length <= 8 ? `[${value.map(describe).join(", ")}]` : "an array";
  return isInstance(value) ? `a ${value.constructor.name}` : "an object";
}

const isInstance = (value: object): boolean => ![Object, undefined].includes(value.constructor as never);

/** The end of a message about a name that is not known: the nearest known one, or all of them where none is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? `known are ${known.join(", ")}.` : `did you mean ${JSON.stringify(near)}?`;
}

/** The known name that differs by case, holds the given one or is held by it, or is at most two letters away. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  const distances = known.map((candidate) => {
    const other = candidate.toLowerCase();
    const contained = given.length >= 3 && (other.includes(given) || given.includes(other));
    return contained ? Math.min(1, editDistance(given, other)) : editDistance(given, other);
  });
  const least = Math.min(...distances);
  return least <= Math.min(2, given.length - 1) ? known[distances.indexOf(least)] : undefined;
}

/** Levenshtein's: how many letters must be put in, taken out or exchanged. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length];
}
