// Conformance cases of sgdStep and adamStep, which work in place over many parameters.

import { listed, makeCase, normal, positive, ROUNDING, uniform } from "./case.js";
import type { ConformanceCase, InputSpec, OutputSpec, Shape } from "./case.js";

const one: readonly Shape[] = [[5, 7]];
const few: readonly Shape[] = [[3, 3, 2, 5], [5], [1], [17, 13], [13]];
/** As many as a real network has, of sizes on both sides of a vector's and a work group's length. */
const many: readonly Shape[] = Array.from({ length: 41 }, (_, i) => [1 + ((i * 37) % 131)]);
const large: readonly Shape[] = [[64, 3, 3, 64], [64], [784, 33], [1]];

const sets: readonly (readonly [string, readonly Shape[], boolean])[] = [
  ["one parameter", one, false],
  ["few parameters", few, false],
  ["41 parameters", many, false],
  ["no parameters", [], false],
  ["large parameters", large, true],
];

function sgdCase(
  name: string,
  shapes: readonly Shape[],
  hyper: readonly number[],
  nesterov: boolean,
  big: boolean,
) {
  const inputs: InputSpec[] = [{ shape: [4], values: listed(hyper) }];
  const outputs: OutputSpec[] = [];
  for (const shape of shapes) {
    const first = inputs.length;
    inputs.push({ shape, values: normal }, { shape, values: normal }, { shape, values: normal });
    outputs.push({ shape, inPlaceOf: first }, { shape, inPlaceOf: first + 2 });
  }
  return makeCase("sgdStep", name, inputs, outputs, { nesterov }, { tolerance: ROUNDING, large: big });
}

function adamCase(name: string, shapes: readonly Shape[], hyper: readonly number[], big: boolean) {
  const inputs: InputSpec[] = [{ shape: [8], values: listed(hyper) }];
  const outputs: OutputSpec[] = [];
  for (const shape of shapes) {
    const first = inputs.length;
    const secondMoment: InputSpec = { shape, values: name.includes("first step") ? () => 0 : uniform };
    const firstMoment: InputSpec = { shape, values: name.includes("first step") ? () => 0 : normal };
    const gradient: InputSpec = { shape, values: name.includes("positive") ? positive : normal };
    inputs.push({ shape, values: normal }, gradient, firstMoment, secondMoment);
    outputs.push(
      { shape, inPlaceOf: first },
      { shape, inPlaceOf: first + 2 },
      { shape, inPlaceOf: first + 3 },
    );
  }
  return makeCase("adamStep", name, inputs, outputs, {}, { tolerance: ROUNDING, large: big });
}

/** learningRate, beta1, beta2, epsilon, weightDecay, 1 - beta1^t, 1 - beta2^t, gradientScale */
const adam = (t: number, weightDecay = 0, gradientScale = 1): readonly number[] => {
  return [0.05, 0.9, 0.999, 1e-6, weightDecay, 1 - 0.9 ** t, 1 - 0.999 ** t, gradientScale];
};

export const optimizerCases: readonly ConformanceCase[] = [
  ...sets.flatMap(([name, shapes, big]) => [
    sgdCase(`plain, ${name}`, shapes, [0.1, 0, 0, 1], false, big),
    sgdCase(`momentum and weight decay, ${name}`, shapes, [0.1, 0.9, 0.01, 1], false, big),
    sgdCase(`nesterov, ${name}`, shapes, [0.1, 0.9, 0.01, 1], true, big),
    sgdCase(`clipped nesterov, ${name}`, shapes, [0.1, 0.9, 0, 0.25], true, big),
    adamCase(`first step, positive gradients, ${name}`, shapes, adam(1), big),
    adamCase(`step 10, ${name}`, shapes, adam(10), big),
    adamCase(`weight decay, ${name}`, shapes, adam(3, 0.1), big),
    adamCase(`clipped, ${name}`, shapes, adam(1000, 0.01, 0.125), big),
  ]),
];
