// ONNX's messages (onnx.proto3, IR version 3 to 13), as far as graphs of tensors need them: for each field its number and its kind.
// wire.ts reads and writes bytes by these tables. Field numbers are the format's: https://onnx.ai/onnx/repo-docs/IR.html

/** How a field is laid out; "list" kinds may be repeated, packed or not. */
export type FieldKind =
  | "int"
  | "ints"
  | "float"
  | "floats"
  | "doubles"
  | "string"
  | "strings"
  | "bytes"
  | "byteses"
  | readonly ["message" | "messages", () => MessageTable];

/** Field name to [number, kind]. */
export type MessageTable = Readonly<Record<string, readonly [number: number, kind: FieldKind]>>;

export interface StringEntry {
  readonly key?: string;
  readonly value?: string;
}
export interface TensorProto {
  readonly dims: readonly number[];
  readonly dataType?: number;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly number[];
  readonly name?: string;
  readonly rawData?: Uint8Array;
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly number[];
  readonly externalData: readonly StringEntry[];
  /** 1: the bytes are in another file. */
  readonly dataLocation?: number;
}
export interface DimensionProto {
  readonly value?: number;
  readonly param?: string;
}
export interface ShapeProto {
  readonly dim: readonly DimensionProto[];
}
export interface TensorTypeProto {
  readonly elemType?: number;
  readonly shape?: ShapeProto;
}
export interface TypeProto {
  readonly tensorType?: TensorTypeProto;
}
export interface ValueInfoProto {
  readonly name?: string;
  readonly type?: TypeProto;
}
export interface AttributeProto {
  readonly name?: string;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly strings: readonly Uint8Array[];
  readonly graphs: readonly GraphProto[];
  readonly type?: number;
}
export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly domain?: string;
  readonly attribute: readonly AttributeProto[];
}
export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name?: string;
  readonly initializer: readonly TensorProto[];
  readonly sparseInitializer: readonly Uint8Array[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}
export interface OperatorSetProto {
  readonly domain?: string;
  readonly version?: number;
}
export interface ModelProto {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly graph?: GraphProto;
  readonly opsetImport: readonly OperatorSetProto[];
  readonly functions: readonly Uint8Array[];
}

const stringEntry: MessageTable = { key: [1, "string"], value: [2, "string"] };

export const tensorTable: MessageTable = {
  dims: [1, "ints"],
  dataType: [2, "int"],
  floatData: [4, "floats"],
  int32Data: [5, "ints"],
  stringData: [6, "byteses"],
  int64Data: [7, "ints"],
  name: [8, "string"],
  rawData: [9, "bytes"],
  doubleData: [10, "doubles"],
  uint64Data: [11, "ints"],
  externalData: [13, ["messages", () => stringEntry]],
  dataLocation: [14, "int"],
};

const dimension: MessageTable = { value: [1, "int"], param: [2, "string"] };
const shape: MessageTable = { dim: [1, ["messages", () => dimension]] };
const tensorType: MessageTable = { elemType: [1, "int"], shape: [2, ["message", () => shape]] };
const type: MessageTable = { tensorType: [1, ["message", () => tensorType]] };
const valueInfo: MessageTable = { name: [1, "string"], type: [2, ["message", () => type]] };

const attribute: MessageTable = {
  name: [1, "string"],
  f: [2, "float"],
  i: [3, "int"],
  s: [4, "bytes"],
  t: [5, ["message", () => tensorTable]],
  g: [6, ["message", () => graph]],
  floats: [7, "floats"],
  ints: [8, "ints"],
  strings: [9, "byteses"],
  graphs: [11, ["messages", () => graph]],
  type: [20, "int"],
};

const node: MessageTable = {
  input: [1, "strings"],
  output: [2, "strings"],
  name: [3, "string"],
  opType: [4, "string"],
  attribute: [5, ["messages", () => attribute]],
  domain: [7, "string"],
};

const graph: MessageTable = {
  node: [1, ["messages", () => node]],
  name: [2, "string"],
  initializer: [5, ["messages", () => tensorTable]],
  input: [11, ["messages", () => valueInfo]],
  output: [12, ["messages", () => valueInfo]],
  sparseInitializer: [15, "byteses"],
};

const operatorSet: MessageTable = { domain: [1, "string"], version: [2, "int"] };

export const modelTable: MessageTable = {
  irVersion: [1, "int"],
  producerName: [2, "string"],
  producerVersion: [3, "string"],
  graph: [7, ["message", () => graph]],
  opsetImport: [8, ["messages", () => operatorSet]],
  functions: [25, "byteses"],
};
