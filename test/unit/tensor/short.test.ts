// As short here as there: micrograd's and PyTorch's examples, and what a tensor and a tape look like when they are printed.

import util from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import * as fovea from "../../../src/index.js";

const { Dense, div, gradcheck, matMul, mean, mul, parameter, randomInput, relu, square, tape, tensor } =
  fovea;

beforeEach(async () => void (await fovea.useBackend("reference", { precision: "float64" })));

describe("micrograd's example", () => {
  it("gives the numbers of its README", async () => {
    const a = parameter(-4);
    const b = parameter(2);
    let c = a.add(b);
    let d = a.mul(b).add(b.pow(3));
    c = c.add(c.add(1));
    c = c.add(c.add(1).add(a.neg()));
    d = d.add(d.mul(2).add(b.add(a).relu()));
    d = d.add(d.mul(3).add(b.sub(a).relu()));
    const e = c.sub(d);
    const f = e.pow(2);
    let g = f.div(2);
    g = g.add(div(10, f));
    expect((await g.item()).toFixed(4)).toBe("24.7041"); // the outcome of this forward pass
    g.backward();
    expect((await a.grad!.item()).toFixed(4)).toBe("138.8338"); // the numerical value of dg/da
    expect((await b.grad!.item()).toFixed(4)).toBe("645.5773"); // the numerical value of dg/db
  });
});

describe("PyTorch's gradcheck example", () => {
  // linear = nn.Linear(20, 30); input = torch.randn(20, 20, dtype=torch.double, requires_grad=True)
  // test = gradcheck(linear, input, eps=1e-6, atol=1e-4)
  it("is as short here", async () => {
    const linear = new Dense(30);
    const test = await gradcheck((x) => linear.call(x), [randomInput([20, 20], 0)]);
    expect(test.ok).toBe(true);
  });
});

describe("printing", () => {
  it("a tensor shows its shape, name, operation and first numbers", () => {
    const w = parameter([[1, 2], [3, 0.1 + 0.2]]).named("w"); // prettier-ignore
    expect(util.inspect(w)).toBe("Tensor w [2, 2], a parameter: 1, 2, 3, 0.3");
    const y = mul(w, 2);
    expect(String(y)).toMatch(/^Tensor \[2, 2\], by mul \(#\d+\): 2, 4, 6, 0\.6$/);
    expect(`${tensor(new Float32Array(9))}`).toBe("Tensor [9]: 0, 0, 0, 0, 0, 0, ...");
    expect(JSON.parse(JSON.stringify(y))).toEqual({ shape: [2, 2], operation: "mul", data: [2, 4, 6, 2 * (0.1 + 0.2)] }); // prettier-ignore
    y.dispose();
    expect(String(y)).toContain("disposed");
  });

  it("a tape is a line a node, four for four operations", () => {
    const [w, b] = [parameter([[1], [2]]).named("w"), parameter([0.5]).named("b")]; // prettier-ignore
    const x = tensor([[3, 4]]).named("x"); // prettier-ignore
    const loss = mean(square(relu(matMul(x, w).add(b))));
    const lines = util.inspect(tape(loss)).replace(/#(\d+)/g, (_, id) => `#${id - tape(loss)[0].id}`).split("\n"); // prettier-ignore
    expect(lines.map((line) => line.replace(/ +/g, " "))).toEqual([
      "#0 matMul x [1, 2], w [2, 1] -> [1, 1]",
      "#1 add #0, b [1] -> [1, 1]",
      "#2 relu #1 -> [1, 1]",
      "#3 square #2 -> [1, 1]",
      "#4 mean #3 -> []",
    ]);
  });

  it("layers name their parameters", () => {
    const layer = new Dense(2, { useBias: false }).build([1, 1]);
    expect(String(layer.parameters().get("kernel"))).toMatch(/^Tensor kernel \[1, 2\], a parameter: /);
  });
});

describe("gradients", () => {
  it("of what is no parameter are kept where that is asked for, and forgotten by zeroGrad", async () => {
    const w = parameter([3]);
    const y = w.mul(2).retainGrad();
    y.square().sum().backward();
    expect([...(await y.grad!.data())]).toEqual([12]);
    expect([...(await w.grad!.data())]).toEqual([24]);
    w.zeroGrad();
    expect(w.grad).toBeNull();
    const layer = new Dense(1).build([1, 1]);
    layer.call(tensor([[1]])).sum().backward(); // prettier-ignore
    layer.zeroGrad();
    expect([...layer.parameters().values()].map((p) => p.grad)).toEqual([null, null]);
  });

  it("in float64 where that is asked for", async () => {
    expect(await tensor([0.1]).add(0.2).item()).toBe(0.1 + 0.2);
  });
});
