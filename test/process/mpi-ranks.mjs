// What one rank does in mpi.test.ts: every function of the ranks, and what came of it as a line of JSON.
import { openMpi } from "../../dist/ranks/mpi-node.js";
import { launchedBy } from "../../dist/ranks/launcher-node.js";

const ranks = await openMpi(launchedBy(process.env), { onLost: (sentence) => console.error(sentence) });
const { rank, size } = ranks;

// Lengths that do not divide, that leave ranks without a piece, and none at all. Numbers whose sum depends on the order.
const sums = {};
for (const length of [0, 1, 7, 1000, 100_003]) {
  const values = Float32Array.from({ length }, (_, i) => Math.sin(i + 1) * 10 ** ((i * 7 + rank * 3) % 9));
  await ranks.allReduce(values);
  sums[length] = [...new Uint32Array(values.buffer)].reduce((hash, bits) => (hash * 31 + bits) >>> 0, 7);
}
// Asked for at once, answered in order.
const many = Array.from({ length: 20 }, (_, k) => Float32Array.of(k, rank));
await Promise.all(many.map((values) => ranks.allReduce(values)));
const bytes = new Uint8Array([rank + 1, 2, 3]);
await ranks.broadcast(bytes);
const gathered = (await ranks.gather(new Uint8Array(rank * 3).fill(rank))).map((part) => [...part]);
const mail = [];
if (rank > 0) await ranks.send(0, { hello: "x".repeat(rank * 50_000) });
else for (let i = 1; i < size; i++) mail.push(await ranks.receive());
const told = mail.map(({ from, message }) => [from, message.hello.length]).sort(([a], [b]) => a - b);
const line = { rank, size, sums, many: many.map((v) => [...v]), bytes: [...bytes], gathered, told };
process.stdout.write(`${JSON.stringify(line)}\n`);
await ranks.finish();
