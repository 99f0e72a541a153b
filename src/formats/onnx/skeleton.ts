// A graph without its numbers: what a checkpoint keeps of a network of others, whose weights it has as tensors anyway.

import type { ReadBeside } from "../../base/host.js";
import { sizeOf } from "../../base/shape.js";
import { byteLength, elementType, isFloat } from "./element-types.js";
import { type ModelProto, modelTable, type TensorProto } from "./messages.js";
import { readMessage, writeMessage } from "./wire.js";

/** Shapes, axes and the like are no longer than this, and stay. */
const MOST_KEPT = 64;
const LOCATION = "weights";

/** The file with its long lists of floating-point numbers said to lie elsewhere. */
export function skeletonOf(bytes: Uint8Array, source: string): Uint8Array {
  const model = readMessage<ModelProto>(bytes, modelTable, source);
  const initializer = model.graph?.initializer.map((tensor) => withoutNumbers(tensor, source));
  return writeMessage({ ...model, graph: { ...model.graph, initializer } }, modelTable);
}

function withoutNumbers(
  { name, dims, dataType, ...tensor }: TensorProto,
  source: string,
): Partial<TensorProto> {
  const type = elementType(dataType, source);
  if (!isFloat(type) || sizeOf(dims) <= MOST_KEPT) return { name, dims, dataType, ...tensor };
  const externalData = [
    { key: "location", value: LOCATION },
    { key: "length", value: String(byteLength(type, sizeOf(dims))) },
  ];
  return { name, dims, dataType, dataLocation: 1, externalData };
}

/** Reads a skeleton's numbers as zeros. */
export const zerosBeside: ReadBeside = (_location, _offset, length = 0) => new Uint8Array(length);
