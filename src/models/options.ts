// Options of models, which may come from a file: checked, and completed with defaults.

import { UserError } from "../base/errors.js";

interface Kind {
  readonly wanted: string;
  check(value: unknown): boolean;
}

const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65536;

export const count: Kind = { wanted: "a whole number from 1 to 65536", check: isCount };
export const counts: Kind = {
  wanted: "a list of 1 to 8 whole numbers from 1 to 65536",
  check: (value) => Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isCount),
};

export const flag: Kind = { wanted: "true or false", check: (value) => typeof value === "boolean" };

/** `defaults` overlaid with what is given. Throws UserError for an unknown option or a value of the wrong kind. */
export function completed<O extends object>(
  architecture: string,
  given: Readonly<Record<string, unknown>> | Partial<O>,
  defaults: O,
  kinds: Readonly<Record<keyof O, Kind>>,
): O {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(kinds, name))
      throw new UserError(
        `The model ${architecture} has no option ${JSON.stringify(name)}; it has ${Object.keys(kinds).join(", ")}.`,
      );
    const { wanted, check } = kinds[name as keyof O];
    if (value !== undefined && !check(value))
      throw new UserError(
        `The option ${name} of the model ${architecture} must be ${wanted}, not ${JSON.stringify(value)}.`,
      );
  }
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(known) };
}
