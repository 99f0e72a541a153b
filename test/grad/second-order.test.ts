// Gradients of gradients in the two uses that matter: a penalty on a Jacobian, and the Hessian times a vector.

import { afterAll, beforeAll, expect, it } from "vitest";
import { setBackend } from "../../src/backend/current.js";
import { ReferenceBackend } from "../../src/backend/reference/reference-backend.js";
import { gradcheck, randomInput } from "../../src/inspect/gradcheck.js";
import {
  add,
  conv2d,
  matMul,
  mean,
  mul,
  sigmoid,
  slice,
  square,
  sub,
  sum,
  tanh,
} from "../../src/ops/index.js";
import { grad } from "../../src/tensor/tape.js";
import { tensor, type Tensor } from "../../src/tensor/tensor.js";

const backend = new ReferenceBackend({ precision: "float64" });
beforeAll(() => setBackend(backend));
afterAll(() => backend.close());

function leaf(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const x = tensor(Float64Array.from(values), shape);
  x.requiresGrad = true;
  return x;
}

it("the contractive penalty |dh/dx|^2 of an encoder has the right gradient in its weights", async () => {
  // h = sigmoid(x W + b); the penalty sums the squares of the gradients of each h_j (Rifai et al., ICML 2011).
  const x = randomInput([1, 4], 3);
  const penalty = (w: Tensor, b: Tensor): Tensor => {
    const input = leaf(x.data, x.shape);
    const h = sigmoid(add(matMul(input, w), b));
    const rows = [0, 1, 2].map((j) => {
      const [g] = grad(sum(slice(h, [0, j], [1, 1])), [input], { createGraph: true });
      return sum(square(g));
    });
    return rows.reduce((a, b) => add(a, b));
  };
  const result = await gradcheck(penalty, [randomInput([4, 3], 1), randomInput([3], 2)]);
  expect(result.checked).toBe(15);
  expect(result.worst, result.where).toBeLessThan(1e-6);

  // In closed form: sum_ij (h_j (1 - h_j) W_ij)^2.
  const w = leaf(randomInput([4, 3], 1).data, [4, 3]);
  const b = leaf(randomInput([3], 2).data, [3]);
  const h = await sigmoid(add(matMul(tensor(Float64Array.from(x.data), [1, 4]), w), b)).data();
  const weights = await w.data();
  const expected = [...weights].reduce((total, v, i) => total + (h[i % 3] * (1 - h[i % 3]) * v) ** 2, 0);
  expect(await penalty(w, b).item()).toBeCloseTo(expected, 12);
});

it("a Hessian times a vector agrees with the finite difference of gradients", async () => {
  const data = randomInput([2, 5, 5, 1], 4);
  const target = randomInput([2, 5, 5, 2], 5);
  const shape = [3, 3, 1, 2];
  const [w0, v] = [randomInput(shape, 6).data, randomInput(shape, 7).data];
  const loss = (w: Tensor): Tensor => {
    const x = tensor(Float64Array.from(data.data), data.shape);
    const y = tanh(conv2d(x, w, { padding: "same" }));
    return mean(square(sub(y, tensor(Float64Array.from(target.data), target.shape))));
  };
  const gradientAt = async (h: number) => {
    const w = leaf(Float64Array.from(w0, (value, i) => value + h * v[i]), shape); // prettier-ignore
    return grad(loss(w), [w])[0].data();
  };
  const w = leaf(w0, shape);
  const [g] = grad(loss(w), [w], { createGraph: true });
  const [product] = grad(sum(mul(g, tensor(Float64Array.from(v), shape))), [w]);
  const h = 1e-5;
  const [plus, minus] = [await gradientAt(h), await gradientAt(-h)];
  const values = await product.data();
  values.forEach((value, i) => expect(value).toBeCloseTo((plus[i] - minus[i]) / (2 * h), 7));
  expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(1e-2);
});
