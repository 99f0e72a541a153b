// The update rules of the optimisers, in place, over any number of parameters.

import { sizeOf } from "../kernels.js";
import type { KernelFunction } from "./tensor.js";

/** v = momentum v + g'; p -= learningRate (nesterov ? g' + momentum v : v), where g' = gradientScale g + weightDecay p */
export const sgdStep: KernelFunction<"sgdStep"> = ([hyper, ...operands], outputs, { nesterov }) => {
  const [learningRate, momentum, weightDecay, gradientScale] = hyper.data;
  for (let k = 0; k < outputs.length / 2; k++) {
    const [p, g, v] = operands.slice(3 * k, 3 * k + 3);
    const [pOut, vOut] = outputs.slice(2 * k, 2 * k + 2);
    const size = sizeOf(p.shape);
    for (let i = 0; i < size; i++) {
      const gradient = gradientScale * g.data[i] + weightDecay * p.data[i];
      const velocity = momentum * v.data[i] + gradient;
      vOut.data[i] = velocity;
      pOut.data[i] = p.data[i] - learningRate * (nesterov ? gradient + momentum * velocity : velocity);
    }
  }
};

/**
 * Adam with decoupled weight decay: Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019. The corrections
 * 1 - beta^t come as inputs, so that a recorded step does not hold its number.
 */
export const adamStep: KernelFunction<"adamStep"> = ([hyper, ...operands], outputs) => {
  const [learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2, gradientScale] =
    hyper.data;
  for (let k = 0; k < outputs.length / 3; k++) {
    const [p, g, m, v] = operands.slice(4 * k, 4 * k + 4);
    const [pOut, mOut, vOut] = outputs.slice(3 * k, 3 * k + 3);
    const size = sizeOf(p.shape);
    for (let i = 0; i < size; i++) {
      const gradient = gradientScale * g.data[i];
      const first = beta1 * m.data[i] + (1 - beta1) * gradient;
      const second = beta2 * v.data[i] + (1 - beta2) * gradient * gradient;
      const step = first / correction1 / (Math.sqrt(second / correction2) + epsilon);
      mOut.data[i] = first;
      vOut.data[i] = second;
      pOut.data[i] = p.data[i] - learningRate * (step + weightDecay * p.data[i]);
    }
  }
};
