// A layer of your own: weights by addWeight, what it computes in forward, and a name by which files know it. Its gradient needs no
// line: forward is made of operations that have theirs.
//   node examples/layer.mjs

import { add, Dense, gradcheck, Input, Layer, loadModel, matMul, Model, mul, randomInput, registerLayer, sigmoid, sub, tensor } from "fovea"; // prettier-ignore

/**
 * A highway layer (Srivastava et al., 2015), [batch, n] to [batch, n]: the input, or something new in its place, as a gate says.
 * y = gate * tanh(x W + b) + (1 - gate) * x, with gate = sigmoid(x T + t)
 */
class Highway extends Layer {
  static positional = ["units"]; // what the constructor takes before its options: for files

  constructor(units, options = {}) {
    super(options);
    this.units = units;
    this.inner = new Dense(units, { activation: "tanh" }); // a layer in a property: its weights are this one's, too
  }

  createWeights([, n]) {
    this.gateKernel = this.addWeight("gate_kernel", [n, n], "glorotUniform");
    this.gateBias = this.addWeight("gate_bias", [n], "zeros");
  }

  forward(x, context) {
    const gate = sigmoid(add(matMul(x, this.gateKernel), this.gateBias));
    return add(mul(gate, this.inner.call(x, context)), mul(sub(1, gate), x));
  }
}
registerLayer(Highway);

const input = Input({ shape: [4] });
const model = new Model({ inputs: input, outputs: new Highway(4).apply(input) });
model.summary();

const check = await gradcheck((x) => new Highway(4).call(x), [randomInput([2, 4], 1)]);
console.log(`gradient by the input: ${check.ok ? "right" : `wrong, ${check.where}`}`);

const x = tensor([[0.1, -0.2, 0.3, 0.5], [1, 0, -1, 0.25]]); // prettier-ignore
model.compile({ optimizer: "adam", loss: "mse" });
const { history } = await model.fit(x, mul(x, 0.5), { epochs: 200, verbose: 0 });
console.log(`loss ${history.loss[0].toFixed(4)}, after 200 steps ${history.loss.at(-1).toFixed(4)}`);

const again = await loadModel(await model.save());
const [before, after] = [await model.call(x).data(), await again.call(x).data()];
const isSame = before.every((value, i) => value === after[i]);
console.log(`saved and loaded: ${isSame ? "the same numbers" : "other numbers"}`);
if (!check.ok || !isSame || !(history.loss.at(-1) < history.loss[0] / 2)) process.exitCode = 1;
