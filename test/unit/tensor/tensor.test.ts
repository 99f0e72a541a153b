import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import * as ops from "../../../src/ops/index.js";
import { reportLeaks } from "../../../src/tensor/leaks.js";
import { memory } from "../../../src/tensor/memory.js";
import { scope } from "../../../src/tensor/scope.js";
import { grad, noGrad, tape } from "../../../src/tensor/tape.js";
import { parameter, tensor, type Tensor } from "../../../src/tensor/tensor.js";

let backend: ReferenceBackend;
beforeEach(() => setBackend((backend = new ReferenceBackend({ precision: "float64" }))));
afterEach(() => backend.close());

describe("tensors", () => {
  it("of the same shape are a view, not their argument", async () => {
    const same = [
      (x: Tensor) => ops.reshape(x, [2, 2]),
      (x: Tensor) => ops.flatten(x),
      (x: Tensor) => ops.broadcastTo(x, [2, 2]),
    ];
    for (const view of same) {
      const x = tensor([[1, 2], [3, 4]]); // prettier-ignore
      const y = view(x);
      expect(y).not.toBe(x);
      y.dispose();
      expect([...(await x.data())]).toEqual([1, 2, 3, 4]);
    }
  });

  it("come from nested arrays, typed arrays and numbers", async () => {
    const nested = [[1, 2, 3], [4, 5, 6]]; // prettier-ignore
    expect(tensor(nested).shape).toEqual([2, 3]);
    expect([...(await tensor(nested).data())]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]).shape).toEqual([2, 2]);
    const into = new Float32Array(6);
    expect(await tensor(nested).data(into)).toBe(into);
    expect([...into]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await tensor(7).item()).toBe(7);
    expect(tensor([]).shape).toEqual([0]);
  });

  it("refuse ragged arrays, wrong sizes, and item() of many", async () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(/same length/);
    await expect(tensor([1, 2]).data(new Float32Array(3))).rejects.toThrow("data: an array of 3 numbers");
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow("tensor: 3 numbers do not fill the shape [2, 2].");
    await expect(tensor([1, 2]).item()).rejects.toThrow(/2 elements, not one/);
    expect(() => tensor([1, 2]).write([1])).toThrow(/1 numbers do not fill/);
  });

  it("say when they are used after they were disposed, and where they came from", () => {
    const w = parameter([1, 2]);
    const y = ops.relu(w);
    y.dispose();
    y.dispose();
    expect(() => ops.neg(y)).toThrow(/shape \[2\] made by relu was used after it was disposed/);
  });
});

describe("shape errors name the operation, the shapes and what was expected", () => {
  const image = () => tensor(new Float32Array(2 * 5 * 5 * 3), [2, 5, 5, 3]);
  const of = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  it.each([
    ["add", () => ops.add(of(2, 3), of(4)), /^add: shapes \[2, 3\] and \[4\] do not broadcast/],
    ["matMul", () => ops.matMul(of(2, 3), of(2, 3)), /^matMul: \[2, 3\] times \[2, 3\]: the inner sizes 3 and 2 differ/],
    ["conv2d", () => ops.conv2d(image(), of(3, 3, 4, 8)), /^conv2d: weights of shape \[3, 3, 4, 8\] do not fit input \[2, 5, 5, 3\].*expected \[kh, kw, 3, filters\]/],
    ["conv2d window", () => ops.conv2d(image(), of(7, 7, 3, 8)), /^conv2d: a \[7, 7\] window .* does not fit an image of \[5, 5\]/],
    ["conv2d rank", () => ops.conv2d(of(5, 5, 3), of(3, 3, 3, 8)), /^conv2d: expected a tensor \[batch, height, width, channels\], got \[5, 5, 3\]/],
    ["conv2dTranspose", () => ops.conv2dTranspose(image(), of(2, 2, 3, 4)), /^conv2dTranspose: weights .* expected \[kh, kw, channels, 3\]/],
    ["reshape", () => ops.reshape(of(2, 3), [4, -1]), /^reshape: a tensor of shape \[2, 3\] has 6 elements and cannot become \[4, -1\]/],
    ["concatenate", () => ops.concatenate([of(2, 3), of(3, 3)]), /^concatenate: \[2, 3\] and \[3, 3\] may differ along axis 1 only/],
    ["slice", () => ops.slice(of(4), [3], [2]), /^slice: begin \[3\] and size \[2\] do not lie inside \[4\]/],
    ["spaceToDepth", () => ops.spaceToDepth(image()), /^spaceToDepth: height and width of \[2, 5, 5, 3\] must be multiples of 2/],
    ["sum axis", () => ops.sum(of(2, 3), { axis: 2 }), /^sum: the axis 2 does not name distinct axes of a tensor of rank 2/],
    ["broadcastTo", () => ops.broadcastTo(of(2, 3), [3, 3]), /^broadcastTo: a tensor of shape \[2, 3\] does not stretch to \[3, 3\]/],
    ["grad", () => grad(of(2, 3), []), /^grad: y must have one element, not the shape \[2, 3\]/],
  ] as const)("%s", (_name, act, message) => expect(act).toThrow(message)); // prettier-ignore
});

describe("the tape", () => {
  it("lists what a result was computed by, oldest first", () => {
    const w = parameter([1, 2, 3]);
    const loss = ops.sum(ops.square(ops.mul(w, 2)));
    expect(tape(loss).map((node) => node.operation)).toEqual(["mul", "square", "sum"]);
    expect(tape(noGrad(() => ops.sum(w)))).toEqual([]);
  });

  it("backward() adds to each parameter's grad", async () => {
    const w = parameter([1, 2, 3]);
    const unused = parameter([5]);
    ops.sum(ops.square(w)).backward();
    ops.sum(ops.mul(w, 10)).backward();
    expect([...(await w.grad!.data())]).toEqual([12, 14, 16]);
    expect(unused.grad).toBeNull();
  });

  it("joins gradients that arrive on several ways, and hands each caller its own handle", async () => {
    const [a, b] = [parameter([3]), parameter([4])];
    const y = ops.add(ops.mul(a, a), ops.mul(a, b));
    const [da, db] = grad(ops.sum(y), [a, b]);
    expect([await da.item(), await db.item()]).toEqual([10, 3]);
    const [s, t] = grad(ops.sum(ops.add(a, b)), [a, b]);
    s.dispose();
    expect(await t.item()).toBe(1);
  });

  it("gives zeros where there is no way, and computes only the gradients that are asked for", async () => {
    const [x, w] = [
      parameter(new Float32Array(18), [1, 3, 3, 2]),
      parameter(new Float32Array(36), [3, 3, 2, 2]),
    ];
    const [zero] = grad(ops.sum(ops.square(w)), [x]);
    expect([...(await zero.data())]).toEqual(new Array(18).fill(0));
    const kernels: string[] = [];
    const run = backend.run.bind(backend);
    backend.run = (call) => (kernels.push(call.kernel), run(call));
    const loss = ops.sum(ops.conv2d(x, w, { padding: "same" }));
    grad(loss, [w]);
    expect(kernels).toContain("conv2dWeightGrad");
    expect(kernels).not.toContain("conv2dInputGrad");
  });
});

describe("scopes", () => {
  it("free what was made inside and not kept, also across await", async () => {
    const before = memory();
    const kept = await (async () => {
      using s = scope();
      const x = tensor([1, 2, 3]);
      await x.data();
      ops.neg(x);
      return s.keep(ops.mul(x, 2));
    })();
    expect(memory().buffers).toBe(before.buffers + 1);
    expect([...(await kept.data())]).toEqual([2, 4, 6]);
    kept.dispose();
    expect(memory()).toEqual(before);
  });

  it("hand what they return to the scope around them; parameters outlive all", () => {
    using _outer = scope();
    const [w, y] = scope(() => {
      const w = parameter([1]);
      return [w, ops.add(w, 1)] as const;
    });
    expect([w.disposed, y.disposed]).toEqual([false, false]);
    _outer.dispose();
    expect([w.disposed, y.disposed]).toEqual([false, true]);
    w.dispose();
  });

  it("keep memory flat over a hundred training steps", () => {
    const w = parameter(new Float32Array(12), [3, 4]);
    const x = tensor(new Float32Array(6).fill(1), [2, 3]);
    const step = () =>
      scope(() => {
        w.grad?.dispose();
        w.grad = null;
        ops.mean(ops.square(ops.sub(ops.sigmoid(ops.matMul(x, w)), 0.3))).backward();
      });
    step();
    const before = memory();
    for (let i = 0; i < 100; i++) step();
    expect(memory()).toEqual(before);
  });

  it("free intermediate gradients while going back", () => {
    let most = 0;
    const w = parameter(new Float32Array(1000).fill(1.0001));
    let y = w;
    for (let i = 0; i < 30; i++) y = ops.mul(y, w);
    const loss = ops.sum(y);
    const before = memory().bytes;
    const allocate = backend.allocate.bind(backend);
    backend.allocate = (n) => {
      const storage = allocate(n);
      most = Math.max(most, memory().bytes - before);
      return storage;
    };
    grad(loss, [w]);
    expect(most).toBeLessThan(8 * 1000 * 8); // a handful of gradients of 1000 doubles, not thirty
  });
});

it("reports a tensor that was collected but never disposed, with where it was made", async () => {
  const messages: string[] = [];
  reportLeaks((message) => void messages.push(message));
  try {
    const { setFlagsFromString } = await import("node:v8");
    setFlagsFromString("--expose-gc");
    const gc = (await import("node:vm")).runInNewContext("gc") as () => void;
    (() => void tensor([1, 2, 3]))();
    tensor([4, 5]).dispose();
    for (let i = 0; i < 20 && messages.length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
    }
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/never disposed.*shape was \[3\]; it was made at:\n.*tensor\.test/s);
  } finally {
    reportLeaks(undefined);
  }
});
