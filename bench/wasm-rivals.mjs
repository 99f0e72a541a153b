// Fovea's WebAssembly backend beside onnxruntime-web and tfjs-backend-wasm, in Node or in Chromium, on four workloads, in turns: some runs
// of each after the other, so that a busy machine slows all alike. A turn's first run does not count, as the threads of the one before
// still spin. Both rivals are installed by hand, into a folder of their own:
//   npm install --prefix /tmp/rivals onnxruntime-web @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu @tensorflow/tfjs-backend-wasm
//   node bench/wasm-rivals.mjs --rivals /tmp/rivals [--threads 2] [--seconds 5] [--browser] [WORK...]
// All three get the same networks: Fovea writes them as ONNX; TensorFlow.js, which reads none, runs sgemm, conv and the chain of dncnn17.

import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { measure } from "./wasm-rivals/measure.mjs";
import { measureInPage } from "./wasm-rivals/page.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rivals: { type: "string" },
    threads: { type: "string", default: String(os.availableParallelism()) },
    seconds: { type: "string", default: "5" },
    browser: { type: "boolean", default: false },
  },
});
if (!values.rivals) {
  console.error(
    "give --rivals FOLDER, where onnxruntime-web and @tensorflow/tfjs-backend-wasm are installed",
  );
  process.exit(1);
}
const options = { names: positionals, threads: Number(values.threads), seconds: Number(values.seconds) };
const report = (result) => console.log(JSON.stringify(result));
if (values.browser) await measureInPage(path.resolve(values.rivals), options, report);
else await measure(await librariesInNode(options), options, report);
process.exit();

async function librariesInNode({ threads }) {
  const require = createRequire(path.resolve(values.rivals, "package.json"));
  const rival = (name) =>
    import(pathToFileURL(require.resolve(name)).href).then((module) => module.default ?? module);
  const ort = await rival("onnxruntime-web");
  const tf = await rival("@tensorflow/tfjs-core");
  await rival("@tensorflow/tfjs-backend-cpu");
  const tfWasm = await rival("@tensorflow/tfjs-backend-wasm");
  ort.env.wasm.numThreads = threads;
  tfWasm.setWasmPaths(`${path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  tfWasm.setThreadsCount(threads);
  await tf.setBackend("wasm");
  const library = await import("../dist/index.js");
  await library.useBackend("wasm", { threads });
  const { record } = await import("../dist/tensor/record.js");
  return { fovea: { ...library, record }, ort, tf };
}
