// The simplest autoencoder, as in Keras's "Building autoencoders": 784 pixels, a code of 32 numbers, 784 pixels.
//   node examples/dense.mjs --digits FOLDER

import { Dense, Input, Model } from "fovea";
import { begin, firstOf, meanSquaredError, printLoss, promise, writeDigits } from "./digits.mjs";
import { principalComponents } from "./pca.mjs";

const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 50, target: 0.093 });

const inputImg = Input({ shape: [784] });
const encoded = new Dense(32, { activation: "relu" }).apply(inputImg);
const decoded = new Dense(784, { activation: "sigmoid" }).apply(encoded);
const autoencoder = new Model({ inputs: inputImg, outputs: decoded });

autoencoder.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["mse"] });
await autoencoder.fit(xTrain, xTrain, {
  epochs,
  batchSize: 256,
  validationData: [xTest, xTest],
  verbose,
});

const [crossentropy, error] = await autoencoder.evaluate(xTest, xTest, { batchSize: 1000 });
const decodedImgs = await (await autoencoder.predict(xTest, { batchSize: 1000 })).data();
const byPca = await principalComponents(xTrain, 32).then((pca) => pca.reconstruct(xTest));
printLoss("dense", crossentropy, 0); // the code is charged nothing
console.log(
  `mean squared error: ${error.toFixed(5)}; of PCA-32: ${meanSquaredError(byPca, xTest).toFixed(5)}`,
);
await writeDigits(
  picture("dense.png"),
  [xTest, decodedImgs, byPca].map((rows) => firstOf(rows, 10)),
);
promise("binary crossentropy on the test set", crossentropy, "at most", target);
