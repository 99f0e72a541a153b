// The network of some settings as a program: of this project, and of Keras.

import { PIXELS } from "./digits.js";
import type { Settings } from "./settings.js";

const reconstruction = { mse: "mse", mae: "mae", binaryCrossentropy: "binaryCrossentropy" } as const;
const kerasLosses = { mse: "mse", mae: "mae", binaryCrossentropy: "binary_crossentropy" } as const;

const variationalNote = (comment: string): string =>
  `${comment} Without the clouds of the variational network: codes are their centres.\n`;

/** A program for Node: `xTrain` is what it is to learn, [count, 784] numbers in [0, 1]. */
export function foveaCode(settings: Settings): string {
  const { hidden, code, activation, loss, optimizer, learningRate, noise, batch, variational } = settings;
  const dense = (units: number): string => `  new Dense(${units}, { activation: "${activation}" }),`;
  const made =
    optimizer === "adam" ? `new Adam(${learningRate})` : `new SGD(${learningRate}, { momentum: 0.9 })`;
  const lines = [
    ...[...hidden.map(dense), `  new Dense(${code}, { name: "code" }),`, ...[...hidden].reverse().map(dense)],
    `  new Dense(${PIXELS}, { activation: "sigmoid" }),`,
  ];
  return `import { ${optimizer === "adam" ? "Adam" : "SGD"}, Dense, Input, Sequential } from "fovea";

${variational ? variationalNote("//") : ""}export const model = new Sequential([
  Input({ shape: [${PIXELS}] }),
${lines.join("\n")}
]);
model.compile({ optimizer: ${made}, loss: "${reconstruction[loss]}" });

/** @param xTrain { data: Float32Array, shape: [count, ${PIXELS}] } */
export async function train(xTrain, epochs = 10) {
${noise > 0 ? `  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());\n  const noisy = { ...xTrain, data: xTrain.data.map((x) => x + ${noise} * normal()) };\n` : ""}  return model.fit(${noise > 0 ? "noisy" : "xTrain"}, xTrain, { epochs, batchSize: ${batch} });
}

// With the weights that the page saved: const trained = await loadModel("playground.safetensors"); it is in "fovea", too.
`;
}

export function kerasCode(settings: Settings): string {
  const { hidden, code, activation, loss, optimizer, learningRate, noise, batch, variational } = settings;
  const dense = (units: number): string => `    layers.Dense(${units}, activation="${activation}"),`;
  const made =
    optimizer === "adam"
      ? `keras.optimizers.Adam(${learningRate})`
      : `keras.optimizers.SGD(${learningRate}, momentum=0.9)`;
  const input = noise > 0 ? `x_train + np.random.normal(0, ${noise}, x_train.shape)` : "x_train";
  return `import keras
${noise > 0 ? "import numpy as np\n" : ""}from keras import layers

${variational ? variationalNote("#") : ""}model = keras.Sequential([
    keras.Input(shape=(${PIXELS},)),
${hidden.map(dense).join("\n")}
    layers.Dense(${code}, name="code"),
${[...hidden].reverse().map(dense).join("\n")}
    layers.Dense(${PIXELS}, activation="sigmoid"),
])
model.compile(optimizer=${made}, loss="${kerasLosses[loss]}")


def train(x_train, epochs=10):
    """x_train: [count, ${PIXELS}], numbers in [0, 1]"""
    return model.fit(${input}, x_train, epochs=epochs, batch_size=${batch})
`;
}
