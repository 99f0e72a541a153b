// A deep autoencoder: more layers on both sides of the same code of 32 numbers bend the space, where PCA can only turn it.
//   node examples/deep.mjs --digits FOLDER

import { Adam, cosineDecay, Dense, Input, Model } from "fovea";
import { begin, firstOf, meanSquaredError, printLoss, promise, writeDigits } from "./digits.mjs";
import { principalComponents } from "./pca.mjs";

const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 16, target: 0.006 });
const batchSize = 256;

const inputImg = Input({ shape: [784] });
let x = inputImg;
for (const units of [512, 256]) x = new Dense(units, { activation: "relu" }).apply(x);
const code = new Dense(32).apply(x);
x = code;
for (const units of [256, 512]) x = new Dense(units, { activation: "relu" }).apply(x);
const decoded = new Dense(784, { activation: "sigmoid" }).apply(x);
const autoencoder = new Model({ inputs: inputImg, outputs: decoded });

const steps = epochs * Math.ceil(xTrain.length / 784 / batchSize);
autoencoder.compile({ optimizer: new Adam(cosineDecay(2e-3, { steps })), loss: "mse" });
await autoencoder.fit(xTrain, xTrain, { epochs, batchSize, validationData: [xTest, xTest], verbose });

const error = await autoencoder.evaluate(xTest, xTest, { batchSize: 1000 });
const decodedImgs = await (await autoencoder.predict(xTest, { batchSize: 1000 })).data();
const byPca = await principalComponents(xTrain, 32).then((pca) => pca.reconstruct(xTest));
printLoss("deep", error, 0); // the code is charged nothing
console.log(`mean squared error of PCA-32: ${meanSquaredError(byPca, xTest).toFixed(5)}`);
await writeDigits(
  picture("deep.png"),
  [xTest, decodedImgs, byPca].map((rows) => firstOf(rows, 10)),
);
promise("mean squared error on the test set", error, "at most", target);
