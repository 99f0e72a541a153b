// The variational autoencoder (Kingma and Welling, ICLR 2014): a picture is encoded as a cloud of codes, from which one is drawn.
//   node examples/variational.mjs --digits FOLDER
//
//   z = mean + e^{logVariance/2} n, n normal         drawn so that the gradient reaches mean and variance (reparameterisation)
//   loss = reconstruction: -log p(x | z), in nats a picture
//        + kl: sum (mean^2 + variance - 1 - log variance) / 2, how far the cloud is from a standard normal one
// The loss bounds -log p(x) from above, so figures can be compared. Pixels are drawn black or white, anew each time a picture is seen,
// with its grey as probability (dynamic binarisation), in training and in the test.

import {
  Adam, add, cosineDecay, Dense, exp, Layer, less, mean, Model, mul, randomNormal, randomUniform, Sequential,
  sigmoid, slice, softplus, square, sub, sum, tensor,
} from "fovea"; // prettier-ignore
import { begin, digit, firstOf, printLoss, promise, writeDigits } from "./digits.mjs";

const CODE = 20;
const { xTrain, xTest, epochs, target, verbose, picture } = await begin({ epochs: 10, target: 104 });
const batchSize = 128;

/** Pixels as black or white, with their grey as probability. */
class Binarize extends Layer {
  forward(x, { counter }) {
    return less(randomUniform(x.shape, { seed: this.drawSeed(), counter }), x);
  }
}

/** A code from its cloud. */
class Sample extends Layer {
  forward([center, logVariance], { counter }) {
    const noise = randomNormal(center.shape, { seed: this.drawSeed(), counter });
    return add(center, mul(exp(mul(logVariance, 0.5)), noise));
  }
}

const relu = (units) => new Dense(units, { activation: "relu", kernelInitializer: "heUniform" });

class VariationalAutoencoder extends Model {
  binarize = new Binarize();
  encoder = new Sequential([relu(400), relu(400), new Dense(2 * CODE)]);
  sample = new Sample();
  decoder = new Sequential([relu(400), relu(400), new Dense(784)]);

  /** Means and logarithms of the variances, [batch, CODE] each. */
  encode(x, context) {
    const both = this.encoder.call(x, context);
    return [0, 1].map((i) => slice(both, [0, i * CODE], [x.shape[0], CODE]));
  }

  forward(images, context) {
    const x = this.binarize.call(images, context);
    const [center, logVariance] = this.encode(x, context);
    const logits = this.decoder.call(this.sample.call([center, logVariance], context), context);
    // -log p(x | z) = sum of softplus(logit) - x logit: binary crossentropy, summed over the pixels
    const perPixel = sub(softplus(logits), mul(x, logits));
    const perNumber = mul(0.5, sub(add(square(center), exp(logVariance)), add(1, logVariance)));
    context.addLoss?.("reconstruction", mean(sum(perPixel, { axis: 1 })));
    context.addLoss?.("kl", mean(sum(perNumber, { axis: 1 })));
    return sigmoid(logits);
  }
}

const model = new VariationalAutoencoder();
const steps = epochs * Math.ceil(xTrain.length / 784 / batchSize);
model.compile({ optimizer: new Adam(cosineDecay(2e-3, { steps })) });
const [train, test] = [xTrain, xTest].map((data) => ({ data, shape: [data.length / 784, 784] }));
await model.fit(train, undefined, { epochs, batchSize, verbose });

const figures = await model.evaluate(test, undefined, { batchSize: 1000, returnDict: true });
printLoss("variational", figures.reconstruction, figures.kl, " nats"); // the penalty is the divergence kl

const decoded = await (await model.predict({ data: xTest.subarray(0, 7840), shape: [10, 784] })).data();
await writeDigits(picture("variational.png"), [firstOf(xTest, 10), firstOf(decoded, 10)]);
const decode = async (codes) => sigmoid(model.decoder.call(codes)).data();
const drawn = await decode(randomNormal([100, CODE], { seed: 7 }));
const tens = Array.from({ length: 10 }, (_, i) => i);
await writeDigits(picture("variational-new.png"), tens.map((j) => tens.map((i) => digit(drawn, 10 * j + i)))); // prettier-ignore

// A walk in a straight line between the clouds' centres of two digits, for each of ten pairs.
const [centers] = model.encode(tensor(xTest.subarray(0, 20 * 784), [20, 784]));
const walks = await Promise.all(
  tens.map(async (j) => {
    const [from, to] = [0, 1].map((k) => slice(centers, [2 * j + k, 0], [1, CODE]));
    return Promise.all(tens.map((i) => decode(add(mul(from, 1 - i / 9), mul(to, i / 9)))));
  }),
);
await writeDigits(picture("variational-walk.png"), walks);
promise("negative ELBO on the test set, nats, dynamic binarisation", figures.loss, "at most", target);
