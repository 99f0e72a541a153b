import { afterEach, beforeEach, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import type { KernelCall } from "../../../src/backend/backend.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { RandomStream } from "../../../src/base/random-stream.js";
import { add, conv2d, relu, sigmoid } from "../../../src/ops/index.js";
import { record } from "../../../src/tensor/record.js";
import { scope } from "../../../src/tensor/scope.js";
import { tensor, type Tensor } from "../../../src/tensor/tensor.js";

/** Lets convolutions write over their residual, as the addon does: the plainest loops are safe for it too. */
class Overwriting extends ReferenceBackend {
  mayOverwrite(call: KernelCall): readonly number[] {
    const { epilogue } = call.attributes as KernelCall<"conv2d">["attributes"];
    return call.kernel === "conv2d" && epilogue?.residual ? [call.inputs.length - 1] : [];
  }
}

const size = 8 * 8 * 4;
let stream: RandomStream;
beforeEach(() => void (stream = new RandomStream(1, 0)));
const random = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => stream.normal()),
    shape,
  );

/** x + b(relu(a(x))) twice, and what else is made of the first block's input. */
const network = (w: Tensor[], x: Tensor, alsoUsed: boolean) => {
  const first = conv2d(x, w[0], { padding: 1 });
  const second = add(conv2d(relu(conv2d(first, w[1], { padding: 1 })), w[2], { padding: 1 }), first);
  const third = add(conv2d(relu(conv2d(second, w[3], { padding: 1 })), w[4], { padding: 1 }), second);
  return { y: sigmoid(alsoUsed ? add(third, first) : third) };
};

for (const alsoUsed of [false, true]) {
  const run = async (backend: ReferenceBackend) => {
    setBackend(backend);
    using _all = scope();
    const w = Array.from({ length: 5 }, () => random([3, 3, 4, 4]));
    const x = random([1, 8, 8, 4]);
    const recorded = record(() => network(w, x, alsoUsed), { frozen: w });
    await recorded.run();
    const result = {
      y: Array.from(await recorded.outputs.y.data()),
      eager: Array.from(await network(w, x, alsoUsed).y.data()),
      arena: recorded.program.arenaLength,
    };
    recorded.dispose();
    return result;
  };
  let backends: ReferenceBackend[] = [];
  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.close();
  });

  it(`an output takes the place of a residual that dies there${alsoUsed ? ", not of one that is used again" : ""}`, async () => {
    backends = [new ReferenceBackend({ precision: "float32" }), new Overwriting({ precision: "float32" })];
    const apart = await run(backends[0]);
    stream = new RandomStream(1, 0);
    const inPlace = await run(backends[1]);
    expect(inPlace.y).toEqual(apart.y);
    expect(inPlace.y).toEqual(inPlace.eager);
    expect(apart.arena).toBe((alsoUsed ? 4 : 3) * size);
    expect(inPlace.arena).toBe((alsoUsed ? 3 : 2) * size);
  });
}
