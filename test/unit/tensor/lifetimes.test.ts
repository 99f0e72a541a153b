// Who frees what, when nobody does it by hand: programs hold their inputs, the garbage collector gives storages back, jobs that
// run in turn have scopes of their own; and gradients of numbers that are gone are refused.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import * as nn from "../../../src/nn/index.js";
import * as ops from "../../../src/ops/index.js";
import { SGD } from "../../../src/optim/index.js";
import { memory } from "../../../src/tensor/memory.js";
import { record } from "../../../src/tensor/record.js";
import { scope } from "../../../src/tensor/scope.js";
import { grad } from "../../../src/tensor/tape.js";
import { parameter, tensor } from "../../../src/tensor/tensor.js";

let backend: ReferenceBackend;
beforeEach(() => setBackend((backend = new ReferenceBackend())));
afterEach(() => backend.close());

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const pause = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

describe("a recorded program", () => {
  it("holds its inputs, whose tensors may be disposed, and lets them go with itself", async () => {
    const before = memory();
    const x = ops.ones([4]);
    const program = record(() => ({ y: ops.add(x, 1) }));
    x.dispose();
    const others = Array.from({ length: 5 }, () => ops.full([4], 100));
    await program.run();
    expect(await program.outputs.y.data()).toEqual(Float32Array.of(2, 2, 2, 2));
    program.dispose();
    for (const t of others) t.dispose();
    expect(memory()).toEqual(before);
  });

  it("may return views, of what it makes and of what it reads", async () => {
    const before = memory();
    const x = tensor([1, 2, 3, 4]);
    const program = record(() => {
      const y = ops.add(x, 1);
      return { y, asSquare: ops.reshape(y, [2, 2]), input: ops.reshape(x, [2, 2]), itself: x };
    });
    x.write([5, 6, 7, 8]);
    await program.run();
    const { y, asSquare, input, itself } = program.outputs;
    expect(asSquare.shape).toEqual([2, 2]);
    expect(await y.data()).toEqual(Float32Array.of(6, 7, 8, 9));
    expect(await asSquare.data()).toEqual(await y.data());
    expect(await input.data()).toEqual(Float32Array.of(5, 6, 7, 8));
    expect(itself).toBe(x);
    program.dispose();
    expect([input.disposed, x.disposed]).toEqual([true, false]);
    x.dispose();
    expect(memory()).toEqual(before);
  });
});

describe("tensors that nobody disposes", () => {
  it("give their memory back when they are collected, reads under way included", async () => {
    const before = memory();
    const reading = (() => ops.add(ops.ones([1000]), 1).data())();
    (() => {
      for (let i = 0; i < 50; i++) ops.mean(ops.square(parameter(new Float32Array(100)))).backward();
    })();
    await pause(0);
    for (let i = 0; i < 10 && memory().buffers > before.buffers; i++) {
      collectGarbage();
      await pause(5);
    }
    expect(memory()).toEqual(before);
    expect((await reading)[999]).toBe(2);
  });

  it("are warned of once, when there are very many", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    scope(() => {
      for (let i = 0; i < 25_000; i++) ops.zeros([]);
    });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain("scope(() => ...)");
    warn.mockRestore();
  });
});

describe("scopes, where jobs cannot be told apart", () => {
  it("are refused when they are closed out of order, and when their function is asynchronous", async () => {
    const [first, second] = [scope(), scope()];
    expect(() => first.dispose()).toThrow("Close scopes in the reverse order");
    second.dispose();
    expect(() => scope(async () => Promise.resolve(ops.ones([1])))).toThrow("the function is asynchronous");
    await pause(0);
  });

  it("free what is inside when the function throws, also with a scope left open in it", () => {
    const before = memory();
    const failing = () =>
      scope(() => {
        ops.ones([3]);
        scope();
        throw new Error("in the middle");
      });
    expect(failing).toThrow("in the middle");
    expect(memory()).toEqual(before);
    using after = scope();
    expect(after.has(ops.ones([1]))).toBe(true);
  });
});

describe("scopes in Node", () => {
  beforeEach(() => import("../../../src/tensor/async-scopes-node.js"));

  it("belong each to its own job", async () => {
    const before = memory();
    const job = async (value: number, ms: number) => {
      using _mine = scope();
      const x = ops.full([2], value);
      await pause(ms);
      const y = ops.add(x, 1);
      await pause(ms);
      return (await y.data())[0];
    };
    expect(await Promise.all([job(1, 20), job(2, 5), job(3, 12)])).toEqual([2, 3, 4]);
    expect(memory()).toEqual(before);
  });

  it("stay open until an asynchronous function is done, and keep what it returns", async () => {
    const before = memory();
    using outer = scope();
    const y = await scope(async () => {
      const x = ops.ones([3]);
      await pause(1);
      return ops.add(x, 1);
    });
    expect(await y.data()).toEqual(Float32Array.of(2, 2, 2));
    expect(memory().buffers).toBe(before.buffers + 1);
    outer.dispose();
    expect(memory()).toEqual(before);
    await expect(scope(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});

describe("a gradient", () => {
  it("is refused when a tensor that it needs was written over since the forward pass", () => {
    const p = parameter([3]);
    const y = ops.sum(ops.square(p));
    p.write([100]);
    expect(() => y.backward()).toThrow(
      /^square: its gradient needs a tensor that write\(\) has written over/,
    );
  });

  it("is refused after an optimiser's step, too", () => {
    const [w, v] = [parameter([3]), parameter([2])];
    const y = ops.sum(ops.mul(w, v));
    const optimizer = new SGD(0.1);
    optimizer.beginStep(0);
    optimizer.apply(new Map([["w", w]]), [ops.ones([1])]);
    expect(() => grad(y, [v])).toThrow(/^mul: its gradient needs a tensor that sgdStep has written over/);
    optimizer.dispose();
  });

  it("is given when what was written is not needed, or was written before", async () => {
    const p = parameter([3]);
    p.write([4]);
    const moved = ops.sum(ops.add(ops.square(p), p));
    const shift = tensor([1]);
    const y = ops.mul(ops.add(moved, shift), 2);
    shift.write([7]);
    expect(await grad(y, [p])[0].data()).toEqual(Float32Array.of(18));
  });

  it("is given in every step of a loop that writes its parameters after going back", async () => {
    const layer = new nn.Dense(2).build([1, 3]);
    const optimizer = new SGD(0.1, { momentum: 0.9 });
    const x = tensor([1, 2, 3], [1, 3]);
    for (let step = 0; step < 3; step++)
      scope(() => {
        optimizer.beginStep(step);
        const loss = ops.mean(ops.square(layer.call(x)));
        optimizer.apply(layer.parameters(), grad(loss, [...layer.parameters().values()]));
      });
    expect((await ops.sum(ops.square(layer.call(x))).data())[0]).toBeGreaterThanOrEqual(0);
  });
});
