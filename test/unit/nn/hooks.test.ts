// Hooks on tensors and layers see what passes, and what they return goes on in its place.
import { expect, it } from "vitest";
import { Dense, mul, parameter, relu, Sequential, sum, tensor } from "../../../src/index.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

it("a tensor's hook sees all of its gradient once, and may replace it", async () => {
  const x = parameter([1, 2]);
  const y = mul(x, 3);
  const seen: number[][] = [];
  const off = y.onGradient((dy) => void seen.push(Array.from(dy.peek(2)!)));
  y.onGradient((dy) => mul(dy, 10));
  sum(mul(y, y)).backward(); // dy = 2 y from both factors together
  expect(seen).toEqual([[6, 12]]);
  expect(Array.from(await x.grad!.data())).toEqual([180, 360]);
  off();
  x.zeroGrad();
  sum(y).backward();
  expect(seen).toHaveLength(1);
  expect(Array.from(await x.grad!.data())).toEqual([30, 30]);
});

it("a parameter's hook sees its gradient", async () => {
  const w = parameter([1, -1]);
  w.onGradient((g) => relu(g));
  sum(mul(w, tensor([5, -5]))).backward();
  expect(Array.from(await w.grad!.data())).toEqual([5, 0]);
});

it("a layer's hooks see its output and the gradient that arrives there", async () => {
  const layer = new Dense(2, { kernelInitializer: () => Float32Array.of(1, 2, 3, 4) });
  const model = new Sequential([layer]);
  const outputs: number[][] = [];
  const gradients: number[][] = [];
  const off = layer.onForward((y) => void outputs.push(Array.from((y as Tensor).peek(2)!)));
  layer.onBackward((dy, index) => void gradients.push([index, ...Array.from(dy.peek(2)!)]));
  sum(mul(model.call(tensor([[1, 1]])), tensor([[7, 8]]))).backward();
  expect(outputs).toEqual([[4, 6]]);
  expect(gradients).toEqual([[0, 7, 8]]);
  off();
  layer.onForward((y) => mul(y as Tensor, 2));
  expect(Array.from(await model.call(tensor([[1, 1]])).data())).toEqual([8, 12]);
  expect(outputs).toHaveLength(1);
});
