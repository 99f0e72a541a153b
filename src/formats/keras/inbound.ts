// What a layer or an operation of Keras is given, as a model's description says it: results of others, numbers, lists of both.

/** "result" stands for the next of the results that the operation takes, in their order. */
export type OperationArgument = "result" | number | Numbers | readonly OperationArgument[] | undefined;

/** An array that was written into the description. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every [layer, use, result] in a piece of the description, written as version 2 or version 3 does. */
export function tensorsIn(part: unknown, prefix: string): string[] {
  if (isObject(part)) {
    const { keras_history: history } = isObject(part.config) ? part.config : part;
    return history === undefined ? Object.values(part).flatMap((value) => tensorsIn(value, prefix)) : tensorsIn(history, prefix); // prettier-ignore
  }
  if (!Array.isArray(part)) return [];
  const [name, node, result] = part as unknown[];
  const isTensor = typeof name === "string" && typeof node === "number" && typeof result === "number";
  return isTensor ? [`${prefix}${name}:${node}:${result}`] : part.flatMap((value) => tensorsIn(value, prefix)); // prettier-ignore
}

/** The arguments in { args, kwargs }; an operation that is given something else has undefined there. */
export function argumentsIn(node: unknown): readonly OperationArgument[] {
  const { args, kwargs } = isObject(node) ? node : {};
  const named = isObject(kwargs) ? Object.values(kwargs).filter((value) => value !== null) : [];
  return [...(Array.isArray(args) ? args.map(argumentOf) : []), ...named.map(() => undefined)];
}

function argumentOf(part: unknown): OperationArgument {
  if (typeof part === "number" && Number.isFinite(part)) return part;
  if (Array.isArray(part)) return part.map(argumentOf);
  if (!isObject(part)) return undefined;
  if (part.class_name === "__keras_tensor__") return "result";
  const isArray = part.class_name === "__numpy__" || part.class_name === "__tensor__";
  return isArray && isObject(part.config) ? numbersOf(part.config.value) : undefined;
}

/** A list of lists of numbers, as deep everywhere. */
function numbersOf(value: unknown): Numbers | undefined {
  const shape: number[] = [];
  for (let at = value; Array.isArray(at) && shape.length <= 8; at = at[0] as unknown) shape.push(at.length);
  const flat: unknown[] = Array.isArray(value) ? (value as unknown[][]).flat(8) : [value];
  const size = shape.reduce((product, n) => product * n, 1);
  if (flat.length !== size || !flat.every((n) => typeof n === "number")) return undefined;
  return { shape, data: Float32Array.from(flat) };
}
