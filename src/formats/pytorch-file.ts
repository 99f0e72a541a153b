// PyTorch's files of tensors (.pth, .pt, .ckpt), a zip archive with a pickle and the tensors' bytes, or the older bare pickles one after
// the other: a state dict by name. Only what stands for tensors and dictionaries is known; a pickle that calls anything else is
// refused by that name.

import { UserError } from "../base/errors.js";
import { sizeOf, stridesOf } from "../base/shape.js";
import { dtypes } from "./dtypes.js";
import { PersistentId, PickledName, readPickle } from "./pickle.js";
import type { Weights } from "./pytorch.js";
import { isZip, readZip } from "./zip.js";

/** torch.FloatStorage and its kin, as safetensors calls them. */
const storages: Readonly<Record<string, string>> = {
  ...{
    FloatStorage: "F32",
    DoubleStorage: "F64",
    HalfStorage: "F16",
    BFloat16Storage: "BF16",
    LongStorage: "I64",
  },
  ...{ IntStorage: "I32", ShortStorage: "I16", CharStorage: "I8", ByteStorage: "U8", BoolStorage: "BOOL" },
};

/** A part of a storage, by strides. */
class PickledTensor {
  constructor(
    readonly storage: PersistentId,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** Parts that people wrap a state dict in, the wanted one first. */
const wrappers = [
  "params_ema",
  "params",
  "state_dict",
  "model_state_dict",
  "model",
  "net",
  "generator",
  "netG",
];

/**
 * The floating-point tensors of a file by name, in float32; a wrapping dictionary ("params_ema", "state_dict") and the prefix
 * "module." of several devices are taken off.
 * @param source names the file in messages
 * @throws UserError for what is no such file, and for a pickle that calls a function
 */
export function readPytorch(bytes: Uint8Array, source: string): Map<string, Weights> {
  const fail = (what: string): never => {
    throw new UserError(`${source} is not a sound file of PyTorch: ${what}; get the file again.`);
  };
  const construct = (name: string, args: readonly unknown[]): unknown => {
    if (name === "collections.OrderedDict") return new Map();
    if (name === "torch._utils._rebuild_tensor_v2") return tensorOf(args, fail);
    if (name === "torch._utils._rebuild_parameter") return args[0];
    if (name === "torch.Size") return args[0];
    throw new UserError(
      `${source} asks Python to call ${JSON.stringify(name.slice(0, 80))}, and nothing in a file is executed here; in Python, save the state dict alone: torch.save(model.state_dict(), file).`,
    );
  };
  const { value, bytesOf } = isZip(bytes) ? ofArchive(bytes, source, construct, fail) : ofPickles(bytes, source, construct, fail); // prettier-ignore
  const tensors = new Map<string, Weights>();
  for (const [name, entry] of stateDictOf(value, fail)) {
    const array = numbersOf(name, entry, bytesOf, fail);
    if (array) tensors.set(name, array);
  }
  if (tensors.size === 0) fail("it holds no floating-point tensors");
  return tensors;
}

type Fail = (what: string) => never;
type Construct = Parameters<typeof readPickle>[2];
type BytesOf = (key: string) => Uint8Array | undefined;

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 16 && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function tensorOf(args: readonly unknown[], fail: Fail): PickledTensor {
  const [storage, offset, shape, strides] = args;
  if (
    !(storage instanceof PersistentId) ||
    !isCounts([offset]) ||
    !isCounts(shape) ||
    !isCounts(strides) ||
    shape.length !== strides.length
  )
    // prettier-ignore
    return fail("a tensor in it is not described by its storage, offset, shape and strides");
  return new PickledTensor(storage, offset as number, shape, strides);
}

function ofArchive(bytes: Uint8Array, source: string, construct: Construct, fail: Fail) {
  const files = readZip(bytes, source);
  const pickle = [...files.keys()].find((name) => /^(.*\/)?data\.pkl$/.test(name));
  if (pickle === undefined) return fail("there is no data.pkl in it");
  const root = pickle.slice(0, -"data.pkl".length);
  const order = files.get(`${root}byteorder`);
  if (order && new TextDecoder().decode(order) === "big") fail("its numbers are big-endian");
  const { value } = readPickle(files.get(pickle)!, source, construct);
  return { value, bytesOf: ((key) => files.get(`${root}data/${key}`)) as BytesOf };
}

/** Up to PyTorch 1.5: a magic number, a version, facts about the system, the object, the storages' keys, then their bytes. */
function ofPickles(bytes: Uint8Array, source: string, construct: Construct, fail: Fail) {
  const storagesByKey = new Map<string, { bytes: Uint8Array | undefined; size: number }>();
  let at = 0;
  const next = (): unknown => {
    const { value, length } = readPickle(bytes.subarray(at), source, construct);
    at += length;
    return value;
  };
  next(); // the magic number, beyond what a float holds: any first pickle is taken, and what follows must fit
  if (next() !== 1001) fail("it is of another version than 1001");
  next();
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) return fail("it does not list its storages");
  const kinds = new Map(tensorsIn(value).map(({ storage }) => [String(storage.parts[2]), storage]));
  for (const key of keys.map(String)) {
    if (at + 8 > bytes.length) fail("it breaks off before a tensor");
    const count = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true));
    const size = dtypes[dtypeOf(kinds.get(key), fail)].bytes * count;
    at += 8;
    if (!(at + size <= bytes.length)) fail("it breaks off within a tensor");
    storagesByKey.set(key, { bytes: bytes.subarray(at, at + size), size });
    at += size;
  }
  return { value, bytesOf: ((key) => storagesByKey.get(key)?.bytes) as BytesOf };
}

function tensorsIn(value: unknown): PickledTensor[] {
  if (value instanceof PickledTensor) return [value];
  return value instanceof Map ? [...value.values()].flatMap(tensorsIn) : [];
}

function dtypeOf(storage: PersistentId | undefined, fail: Fail): string {
  const kind = storage?.parts[1];
  const name = kind instanceof PickledName ? kind.name.replace(/^torch\.(cuda\.)?/, "") : "";
  if (!Object.hasOwn(storages, name))
    fail(`it has a storage of the kind ${JSON.stringify(name.slice(0, 60))}`);
  return storages[name];
}

/** The dictionary of tensors, out of what it is wrapped in. */
function stateDictOf(value: unknown, fail: Fail): [string, PickledTensor][] {
  if (!(value instanceof Map)) return fail("it holds no dictionary");
  const map = value as Map<unknown, unknown>;
  const wrapped = wrappers.map((name) => map.get(name)).find((inner) => inner instanceof Map && tensorsIn(inner).length > 0); // prettier-ignore
  if (wrapped) return stateDictOf(wrapped, fail);
  const entries = [...map].filter((entry): entry is [string, PickledTensor] => typeof entry[0] === "string" && entry[1] instanceof PickledTensor); // prettier-ignore
  const all = entries.every(([name]) => name.startsWith("module."));
  return entries.map(([name, t]) => [all ? name.slice("module.".length) : name, t]);
}

/** The numbers, row-major; undefined for whole numbers, such as batch normalisation's count of batches. */
function numbersOf(name: string, t: PickledTensor, bytesOf: BytesOf, fail: Fail): Weights | undefined {
  const { storage, offset, shape, strides } = t;
  if (storage.parts[0] !== "storage") fail(`"${name}" lies in no storage`);
  const dtype = dtypeOf(storage, fail);
  if (!/^B?F/.test(dtype)) return undefined;
  const raw = bytesOf(String(storage.parts[2])) ?? fail(`the numbers of "${name}" are missing`);
  const { bytes } = dtypes[dtype];
  if (raw.length % bytes !== 0) fail(`the numbers of "${name}" are cut off`);
  const size = sizeOf(shape);
  const last = shape.reduce((at, n, axis) => at + Math.max(0, n - 1) * strides[axis], offset);
  if (size > 0 && (last + 1) * bytes > raw.length) fail(`"${name}" has more numbers than its storage`);
  if (size > raw.length) fail(`"${name}" claims ${size} numbers`); // strides of 0 repeat, which no weights do
  const contiguous = strides.every((s, axis) => shape[axis] === 1 || s === stridesOf(shape)[axis]);
  const from = contiguous ? raw.subarray(offset * bytes, (offset + size) * bytes) : raw;
  const numbers = dtypes[dtype].read(new Uint8Array(from)) as Float32Array;
  return { shape, data: contiguous ? numbers : gathered(numbers, t) };
}

function gathered(numbers: Float32Array, { offset, shape, strides }: PickledTensor): Float32Array {
  const own = stridesOf(shape);
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const at = shape.reduce((sum, n, axis) => sum + (Math.floor(i / own[axis]) % n) * strides[axis], offset);
    return numbers[at];
  });
}
