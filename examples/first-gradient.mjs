// The first gradient, by hand and by the tape: how does the loss move if the weight does?
//   node examples/first-gradient.mjs

import { parameter, tensor } from "fovea";

const x = tensor([1, 2, 3]);
const target = tensor([2, 4, 6]);
const w = parameter([1.5]);
const lossAt = (weight) => weight.mul(x).sub(target).pow(2).mean(); // mean (w x - t)^2

// By nudging: two losses and their difference.
const h = 1e-2;
const above = await lossAt(tensor([1.5 + h])).item();
const below = await lossAt(tensor([1.5 - h])).item();
const nudged = (above - below) / (2 * h);

// By hand: d/dw mean (w x - t)^2 = mean 2 (w x - t) x
const byHand = [1, 2, 3].reduce((total, xi) => total + 2 * (1.5 * xi - 2 * xi) * xi, 0) / 3;

// By backpropagation.
lossAt(w).backward();
const byTape = await w.grad.item();

console.log(`nudged ${nudged.toFixed(3)}, by hand ${byHand.toFixed(3)}, by the tape ${byTape.toFixed(3)}`);
if (Math.abs(byTape - byHand) > 1e-5 || Math.abs(nudged - byHand) > 1e-2) process.exitCode = 1;
