// A convolutional autoencoder, as in Keras's "Building autoencoders": 28 x 28 pixels, a code of 4 x 4 x 8 numbers, and back.
//   node examples/convolutional.mjs --digits FOLDER

import { Adam, Conv2D, cosineDecay, Input, MaxPooling2D, Model, UpSampling2D } from "fovea";
import { begin, firstOf, printLoss, promise, writeDigits } from "./digits.mjs";

const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 50, target: 0.1 });
const batchSize = 128;

const conv = (filters, padding = "same") =>
  new Conv2D(filters, 3, { activation: "relu", padding, kernelInitializer: "heUniform" });
const halve = () => new MaxPooling2D({ poolSize: 2, padding: "same" });
const double = () => new UpSampling2D({ size: 2 });

const inputImg = Input({ shape: [28, 28, 1] });
let x = halve().apply(conv(16).apply(inputImg)); // 14 x 14
x = halve().apply(conv(8).apply(x)); // 7 x 7
const encoded = halve().apply(conv(8).apply(x)); // 4 x 4 x 8
x = double().apply(conv(8).apply(encoded)); // 8 x 8
x = double().apply(conv(8).apply(x)); // 16 x 16
x = double().apply(conv(16, "valid").apply(x)); // 28 x 28
const decoded = new Conv2D(1, 3, { activation: "sigmoid", padding: "same" }).apply(x);
const autoencoder = new Model({ inputs: inputImg, outputs: decoded });
autoencoder.summary();

const steps = epochs * Math.ceil(xTrain.length / 784 / batchSize);
autoencoder.compile({ optimizer: new Adam(cosineDecay(4e-3, { steps })), loss: "binaryCrossentropy" });
await autoencoder.fit(xTrain, xTrain, { epochs, batchSize, validationData: [xTest, xTest], verbose });

const crossentropy = await autoencoder.evaluate(xTest, xTest, { batchSize: 500 });
printLoss("convolutional", crossentropy, 0); // the code is charged nothing
const decodedImgs = await (await autoencoder.predict(xTest.subarray(0, 7840))).data();
await writeDigits(
  picture("convolutional.png"),
  [xTest, decodedImgs].map((rows) => firstOf(rows, 10)),
);
promise("binary crossentropy on the test set", crossentropy, "at most", target);
