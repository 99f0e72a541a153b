// ONNX Runtime for Node as a rival, where it is installed: no dependency of this project.

import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../base/errors.js";

interface OrtTensor {
  readonly data: ArrayLike<number>;
}
type Feeds = Readonly<Record<string, OrtTensor>>;

interface Session {
  run(feeds: Feeds): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface OnnxRuntime {
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<Session>;
  };
}

/** From this folder's packages, or from this project's. Throws a UserError that says how it is installed. */
export async function onnxRuntime(): Promise<OnnxRuntime> {
  const name: string = "onnxruntime-node";
  let place = name;
  try {
    place = pathToFileURL(createRequire(path.resolve("package.json")).resolve(name)).href;
  } catch {
    // not here; perhaps beside this project
  }
  try {
    const module = (await import(place)) as { default?: OnnxRuntime } & OnnxRuntime;
    return module.default ?? module;
  } catch (error) {
    throw new UserError("ONNX Runtime is not installed; run npm install --ignore-scripts onnxruntime-node in this folder.", { cause: error }); // prettier-ignore
  }
}
