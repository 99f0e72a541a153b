// Sparse autoencoders: more code than is needed, and a penalty that keeps most of it at rest. Two penalties:
//   L1     rate * sum |code|                                        most of the code becomes exactly 0
//   KL     rate * sum_j KL(rho, mean activation of unit j)          each unit is on for a share rho of the pictures
// with KL(r, q) = r log(r/q) + (1-r) log((1-r)/(1-q)).
//   node examples/sparse.mjs --digits FOLDER

import { add, clip, Dense, div, Input, l1, log, mean, Model, mul, sub, sum } from "fovea";
import { begin, firstOf, printLoss, promise, writeDigits } from "./digits.mjs";

const CODE = 128;
const RHO = 0.05;
const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 12, target: 0.1 });

/** The penalty is divided by the batch's size like every activity regulariser, hence the factor. */
const klSparsity = (rate) => (code) => {
  const q = clip(mean(code, { axis: 0 }), 1e-6, 1 - 1e-6);
  const on = mul(RHO, log(div(RHO, q)));
  const off = mul(1 - RHO, log(div(1 - RHO, sub(1, q))));
  return mul(rate * code.shape[0], sum(add(on, off)));
};

const variants = {
  none: { activation: "relu" },
  l1: { activation: "relu", activityRegularizer: l1(3e-4) },
  kl: { activation: "sigmoid", activityRegularizer: klSparsity(2e-3) },
};

const rows = [firstOf(xTest, 10)];
const shares = {};
let worst = 0;
for (const [name, options] of Object.entries(variants)) {
  const inputImg = Input({ shape: [784] });
  const code = new Dense(CODE, options).apply(inputImg);
  const decoded = new Dense(784, { activation: "sigmoid" }).apply(code);
  const autoencoder = new Model({ inputs: inputImg, outputs: decoded });
  autoencoder.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  await autoencoder.fit(xTrain, xTrain, { epochs, batchSize: 256, verbose });

  const figures = await autoencoder.evaluate(xTest, xTest, { batchSize: 1000, returnDict: true });
  const { loss, binaryCrossentropy: reconstruction = loss, penalty = 0 } = figures;
  const encoder = new Model({ inputs: inputImg, outputs: code });
  const codes = await (await encoder.predict(xTest, { batchSize: 1000 })).data();
  shares[name] = codes.filter((c) => c > 0.1).length / codes.length;
  worst = Math.max(worst, reconstruction);
  printLoss(name, reconstruction, penalty);
  console.log(`${name}: ${(100 * shares[name]).toFixed(1)} % of the code above 0.1`);
  rows.push(firstOf(await (await autoencoder.predict(xTest.subarray(0, 7840))).data(), 10));
}
await writeDigits(picture("sparse.png"), rows);
promise("binary crossentropy on the test set, the worst of three", worst, "at most", target);
promise("active share of the code, L1 against none", shares.l1 / shares.none, "at most", 0.5);
promise("active share of the code, KL against none", shares.kl / shares.none, "at most", 0.5);
