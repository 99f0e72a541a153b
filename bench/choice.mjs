// How far from the best variant is the one that a convolution gets? Times all variants of the shapes in a file (for example of
// random-shapes.mjs), in turn, and lists where another is more than a tenth faster. The estimates that choose are in
// native/kernels/conv/*/variant.cc; `fovea bench --ladder` also checks the variants' results.
// usage, after a build: node bench/choice.mjs FILE [seconds a variant] [threads]

import { availableParallelism } from "node:os";
import { setBackend } from "../dist/backend/current.js";
import { open } from "../dist/backend/select.js";
import { measure } from "../dist/cli/bench/measure.js";
import { workloadsFrom } from "../dist/cli/bench/shapes.js";
import { variantsServing } from "../dist/inspect/conformance.js";

const [file, seconds = 0.1, threads = availableParallelism()] = process.argv.slice(2);
const backend = await open("native", { threads: Number(threads) });
setBackend(backend);

/** These are slow, and never chosen. */
const studies = ["direct", "im2col"];

/** Seconds of the fastest of two rounds of a workload's variants, and which of them calls get that name none. */
async function timed(workload) {
  const call = workload.callOf(backend);
  const chosen = backend.defaultVariant(call);
  const variants = variantsServing(backend, call).filter((variant) => !studies.includes(variant));
  for (const operand of [...call.inputs, ...call.outputs]) backend.release(operand.storage);
  const best = Object.fromEntries(variants.map((variant) => [variant, Infinity]));
  for (let round = 0; round < 2; round++)
    for (const variant of variants) {
      const prepared = workload.prepare(backend, variant);
      const timing = await measure(backend, () => prepared.run(), Number(seconds) / 2);
      best[variant] = Math.min(best[variant], timing.best);
      prepared.dispose();
    }
  return { chosen, best };
}

const losses = [];
for (const workload of workloadsFrom(file)) {
  if (!workload.name.startsWith("conv2d")) continue;
  const { chosen, best } = await timed(workload);
  const [fastest, least] = Object.entries(best).sort((a, b) => a[1] - b[1])[0];
  const loss = best[chosen] / least;
  losses.push(loss);
  if (loss > 1.1) console.log(`${loss.toFixed(2)}  ${workload.name}  ${chosen}, ${fastest} is faster`);
}
const beyond = (limit) => losses.filter((loss) => loss > limit).length;
const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
console.log(
  `${losses.length} convolutions: ${beyond(1.1)} more than 10 % from the best variant, ${beyond(1.2)} more than 20 %; on average ${((mean - 1) * 100).toFixed(1)} %`,
);
await backend.close();
