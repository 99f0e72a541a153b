// Training over ranks, with the ranks as objects in one process: their sums are made here, in the order of the ranks, so that
// nothing of MPI is needed. What MPI does with it is test/process/mpi*.test.ts.
import { expect, it } from "vitest";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { setBackend } from "../../../src/backend/current.js";
import {
  BatchNormalization,
  Dense,
  Dropout,
  GaussianNoise,
  meanSquaredError,
} from "../../../src/nn/index.js";
import { Sequential } from "../../../src/models/index.js";
import { randomUniform } from "../../../src/ops/index.js";
import { counterLimbs, counterOfRows } from "../../../src/ops/random.js";
import { Adam } from "../../../src/optim/index.js";
import { alone, type Ranks } from "../../../src/ranks/ranks.js";
import "../../../src/tensor/async-scopes-node.js";
import { tensor } from "../../../src/tensor/tensor.js";
import { arrayBatches } from "../../../src/train/data.js";
import { fit } from "../../../src/train/fit.js";
import type { FitOptions } from "../../../src/train/fit-options.js";
import { rowsOfRank, shareOf } from "../../../src/train/share.js";

setBackend(new ReferenceBackend({ precision: "float32" }));

/** Ranks that meet in memory: a call is answered when all have made theirs. */
function ranksInMemory(size: number): Ranks[] {
  const waiting = new Map<
    number,
    { given: Uint8Array[]; count: number; answer: () => void; done: Promise<void> }
  >();
  const turns = new Array<number>(size).fill(0);
  const meet = async (rank: number, bytes: Uint8Array): Promise<Uint8Array[]> => {
    const turn = turns[rank]++;
    let meeting = waiting.get(turn);
    if (!meeting) {
      let answer = () => {};
      const done = new Promise<void>((resolve) => (answer = resolve));
      waiting.set(turn, (meeting = { given: [], count: 0, answer, done }));
    }
    meeting.given[rank] = bytes.slice();
    if (++meeting.count === size) meeting.answer();
    await meeting.done;
    return meeting.given;
  };
  const bytesOf = (values: Float32Array) =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return Array.from({ length: size }, (_, rank) => ({
    ...alone,
    rank,
    size,
    gather: (bytes) => meet(rank, bytes),
    broadcast: async (bytes) => bytes.set((await meet(rank, bytes))[0]),
    allReduce: async (values) => {
      const all = (await meet(rank, bytesOf(values))).map((bytes) => new Float32Array(bytes.buffer));
      for (let i = 0; i < values.length; i++) values[i] = all.reduce((sum, part) => sum + part[i], 0);
    },
  }));
}

const samples = 24;
const x = { data: Float32Array.from({ length: samples * 5 }, (_, i) => Math.sin(i)), shape: [samples, 5] };
const y = {
  data: Float32Array.from({ length: samples * 3 }, (_, i) => Math.cos(i / 3)),
  shape: [samples, 3],
};

interface Trained {
  losses: number[];
  weights: Float32Array[];
}

async function train(
  ranks: Ranks,
  layers: () => ConstructorParameters<typeof Sequential>[0],
  more: Partial<FitOptions> = {},
): Promise<Trained> {
  const model = new Sequential(layers());
  const losses: number[] = [];
  await fit(model, arrayBatches(x, y, 12, 3), {
    optimizer: new Adam(0.01),
    loss: meanSquaredError,
    steps: 50,
    seed: 7,
    ranks,
    onStep: ({ loss }) => losses.push(loss),
    ...more,
  });
  const weights: Float32Array[] = [];
  for (const t of [...model.parameters().values(), ...model.state().values()])
    weights.push(Float32Array.from(await t.data()));
  return { losses, weights };
}

const plain = () => [
  new Dense(16, { activation: "tanh" }),
  new Dense(8, { activation: "relu" }),
  new Dense(3),
];
const drawing = () => [new Dense(7), new Dropout(0.3), new GaussianNoise(0.1), new Dense(3)];

for (const [name, layers] of [
  ["a plain network", plain],
  ["one that draws", drawing],
] as const)
  for (const size of [2, 3, 4])
    it(`${size} ranks train ${name} as one process does`, async () => {
      const one = await train(alone, layers);
      // Buckets so small that each parameter has its own; and weights that differ to begin with, as rank 0's count.
      const all = await Promise.all(
        ranksInMemory(size).map((ranks) =>
          train(ranks, layers, { bucketBytes: 4, seed: layers === plain ? 7 + ranks.rank : 7 }),
        ),
      );
      for (const { losses, weights } of all) {
        expect(losses).toEqual(all[0].losses);
        expect(weights).toEqual(all[0].weights);
      }
      expect(all[0].losses).toHaveLength(50);
      all[0].losses.forEach((loss, step) => expect(Math.abs(loss - one.losses[step])).toBeLessThan(1e-5));
    });

it("buckets and eager steps change no bit", async () => {
  const [first, ...others] = await Promise.all(
    [{}, { bucketBytes: 4 }, { bucketBytes: Infinity }, { eager: true }].map(
      async (more) =>
        (await Promise.all(ranksInMemory(2).map((ranks) => train(ranks, plain, { steps: 5, ...more }))))[0],
    ),
  );
  for (const other of others) expect(other).toEqual(first);
});

it("batch statistics are each rank's own, and moving averages their mean, on every rank the same", async () => {
  const layers = () => [new Dense(4), new BatchNormalization(), new Dense(3)];
  const all = await Promise.all(ranksInMemory(3).map((ranks) => train(ranks, layers, { steps: 5 })));
  for (const { weights } of all) expect(weights).toEqual(all[0].weights);
  expect(all[0].weights.flatMap((t) => [...t]).every(Number.isFinite)).toBe(true);
});

it("a rank draws its own rows of the whole batch's numbers", async () => {
  const whole = await randomUniform([10, 3], { seed: 5, counter: tensor(counterLimbs(9)) }).data();
  for (const [first, count] of [
    [0, 4],
    [3, 5],
    [7, 3],
  ]) {
    const counter = counterOfRows(tensor(counterLimbs(9)), { first, count });
    const part = await randomUniform([count, 3], { seed: 5, counter }).data();
    expect([...part]).toEqual([...whole.subarray(first * 3, (first + count) * 3)]);
  }
});

it("ends for all when one is told to, and by rank 0's clock", async () => {
  const stop = new AbortController();
  const ranks = ranksInMemory(3);
  const ended = await Promise.all(
    ranks.map(async (rank) => {
      const model = new Sequential(plain());
      return fit(model, arrayBatches(x, y, 12), {
        ...{ optimizer: new Adam(), loss: meanSquaredError, steps: 1000, ranks: rank },
        // Only one of them hears of it.
        signal: rank.rank === 2 ? stop.signal : undefined,
        onStep: ({ step }) => (step === 5 && rank.rank === 2 ? stop.abort() : undefined),
      });
    }),
  );
  expect(ended.map(({ reason }) => reason)).toEqual(["aborted", "aborted", "aborted"]);
  expect(new Set(ended.map(({ steps }) => steps)).size).toBe(1);
  const timed = await Promise.all(
    ranksInMemory(2).map((rank) =>
      fit(new Sequential(plain()), arrayBatches(x, y, 12), {
        ...{
          optimizer: new Adam(),
          loss: meanSquaredError,
          ranks: rank,
          minutes: rank.rank === 0 ? 0.001 : 0.001,
        },
      }),
    ),
  );
  expect(timed[0].steps).toBe(timed[1].steps);
});

it("every sample is dealt to one rank, and a batch too small for the ranks is refused", () => {
  const data = arrayBatches(x, y, 10, 1);
  for (const size of [1, 2, 3, 4]) {
    const parts = ranksInMemory(size).map((rank) => shareOf(data, rowsOfRank(10, rank)).batch(4).inputs[0]);
    expect(parts.flatMap((part) => [...part])).toEqual([...data.batch(4).inputs[0]]);
    // A source that knows nothing of rows gives the whole batch.
    const whole = { ...data, batch: (step: number) => data.batch(step) };
    const cut = ranksInMemory(size).map((rank) => shareOf(whole, rowsOfRank(10, rank)).batch(4).inputs[0]);
    expect(cut).toEqual(parts);
  }
  expect(() => rowsOfRank(3, ranksInMemory(4)[0])).toThrow("A batch of 3 cannot be dealt out to 4 ranks");
});
