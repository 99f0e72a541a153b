// A program that is cut into parts: each part's result is there when the part has run, and all parts together are the program.
import { afterAll, describe, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { setBackend } from "../../src/backend/current.js";
import { createNativeBackend } from "../../src/backend/native/native-backend.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { createWebgpuBackend } from "../../src/backend/webgpu/backend.js";
import { concatenate, matMul, mul, relu, reshape, sum } from "../../src/ops/index.js";
import { grad } from "../../src/tensor/tape.js";
import { record } from "../../src/tensor/record.js";
import { parameter, tensor } from "../../src/tensor/tensor.js";
import { openOrSkip } from "./opened.js";

const opened: [string, { backend?: Backend; reason?: string }][] = [
  ["reference", { backend: new ReferenceBackend() }],
  ["native", await openOrSkip("FOVEA_REQUIRE_NATIVE", async () => createNativeBackend())],
  ["webgpu", await openOrSkip("FOVEA_REQUIRE_WEBGPU", () => createWebgpuBackend())],
];
afterAll(async () => {
  for (const [, { backend }] of opened) await backend?.close();
});

const numbers = (n: number, k: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * k + k));

describe.each(opened)("%s", (_name, { backend, reason }) => {
  it("gives the later layer's gradient before the earlier one's", async (context) => {
    if (!backend) return context.skip(reason);
    setBackend(backend);
    const x = tensor(numbers(12, 1), [4, 3]);
    const first = parameter(numbers(15, 2), [3, 5]);
    const second = parameter(numbers(10, 3), [5, 2]);
    const body = () => {
      const loss = sum(mul(matMul(relu(matMul(x, first)), second), 0.5));
      const [ofSecond, ofFirst] = grad(loss, [second, first]);
      // Both are copied at the end of the recording, as gradients are; the first is complete before.
      return { begin: concatenate([reshape(ofSecond, [10])]), end: concatenate([reshape(ofFirst, [15])]) };
    };
    const whole = record(body);
    const cut = record(body, { parts: true });
    await whole.run();
    const expected = [await whole.outputs.begin.data(), await whole.outputs.end.data()];
    expect(cut.program.cuts).toHaveLength(1);
    expect(cut.program.cuts![0]).toBeLessThan(cut.program.calls.length - 1);
    cut.outputs.end.write(new Float32Array(15));
    await cut.runPart(0);
    expect(await cut.outputs.begin.data()).toEqual(expected[0]);
    expect(await cut.outputs.end.data()).toEqual(new Float32Array(15));
    await cut.runPart(1);
    expect(await cut.outputs.end.data()).toEqual(expected[1]);
    // Other numbers, and all parts by one call.
    x.write(numbers(12, 4));
    await Promise.all([whole.run(), cut.run()]);
    expect(await cut.outputs.end.data()).toEqual(await whole.outputs.end.data());
    expect(await cut.outputs.end.data()).not.toEqual(expected[1]);
    for (const thing of [whole, cut, x, first, second]) thing.dispose();
  });
});
