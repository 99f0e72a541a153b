// One training by several processes: each computes its samples of every batch, and the gradients are summed. Alone, or together:
//   node examples/ranks.mjs
//   mpirun -n 2 node examples/ranks.mjs        (docs/many-machines.md says what must be installed)

import { Dense, fit, joinRanks, meanSquaredError, Sequential, SGD } from "fovea";

const ranks = await joinRanks(); // one, where nothing else was started

// Every rank makes the same samples: y = 3 a - 2 b + 1.
const samples = 64;
const points = Float32Array.from({ length: 2 * samples }, (_, i) => Math.sin(i));
const values = Float32Array.from(
  { length: samples },
  (_, i) => 3 * points[2 * i] - 2 * points[2 * i + 1] + 1,
);
const x = { data: points, shape: [samples, 2] };
const y = { data: values, shape: [samples, 1] };

const model = new Sequential([new Dense(1)]); // rank 0's first weights are everybody's
const { loss } = await fit(
  model,
  { x, y },
  { loss: meanSquaredError, optimizer: new SGD(0.1), steps: 300, batchSize: 16, ranks },
);

const weights = await Promise.all([...model.parameters().values()].map((weight) => weight.data()));
const learnt = weights.flatMap((numbers) => [...numbers].map((w) => w.toFixed(4))).join(", ");
console.log(`rank ${ranks.rank} of ${ranks.size}: loss ${loss.toExponential(1)}, weights ${learnt}`);
if (learnt !== "3.0000, -2.0000, 1.0000") process.exitCode = 1;
await ranks.finish();
