// A contractive autoencoder (Rifai et al., ICML 2011): the code must hardly move when the picture does. The penalty is the size of
// the code's derivatives by the picture, the Jacobian J, so training it takes gradients of gradients.
//   ||J||^2 = the mean over normal v of ||v J||^2, and v J is one backward pass: the gradient of <v, code>
//   node examples/contractive.mjs --digits FOLDER

import { Dense, grad, Input, Layer, mean, Model, mul, randomNormal, square, sum } from "fovea";
import { begin, firstOf, printLoss, promise, writeDigits } from "./digits.mjs";

const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 12, target: 0.5 });

/** A sigmoid code of 64 numbers, that adds the penalty to the loss; with rate 0 it only reports it. */
class Contractive extends Layer {
  dense = new Dense(64, { activation: "sigmoid" });
  constructor(rate) {
    super();
    this.rate = rate;
  }
  forward(picture, { counter, addLoss }) {
    if (!addLoss) return this.dense.call(picture);
    const x = picture.detach();
    x.requiresGrad = true;
    const code = this.dense.call(x);
    const v = randomNormal(code.shape, { seed: this.drawSeed(), counter });
    const [vJ] = grad(sum(mul(v, code)), [x], { createGraph: true });
    addLoss("jacobian", mul(this.rate, mean(sum(square(vJ), { axis: 1 }))));
    return code;
  }
}

const rows = [firstOf(xTest, 10)];
const sizes = [];
for (const rate of [1e-9, 2e-3]) {
  const inputImg = Input({ shape: [784] });
  const decoded = new Dense(784, { activation: "sigmoid" }).apply(new Contractive(rate).apply(inputImg));
  const autoencoder = new Model({ inputs: inputImg, outputs: decoded });
  autoencoder.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  await autoencoder.fit(xTrain, xTrain, { epochs, batchSize: 256, verbose });
  const figures = await autoencoder.evaluate(xTest, xTest, { batchSize: 1000, returnDict: true });
  const { binaryCrossentropy: reconstruction, jacobian } = figures;
  sizes.push(jacobian / rate);
  printLoss(`rate ${rate}`, reconstruction, jacobian);
  console.log(`rate ${rate}: ||J||^2 ${(jacobian / rate).toFixed(2)}`);
  rows.push(firstOf(await (await autoencoder.predict(xTest.subarray(0, 7840))).data(), 10));
}
await writeDigits(picture("contractive.png"), rows);
promise("||J||^2 with the penalty, against without", sizes[1] / sizes[0], "at most", target);
