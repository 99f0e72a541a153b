// Mutates sound files of each format that is read from elsewhere, and reads and runs what comes of them: everything must end in a
// result or in one sentence (a UserError), within 5 seconds and within 1 GB, whatever the bytes.
//   node test/fuzz/formats.mjs [--seconds 60 | --cases 1000] [--seed 1] [--format keras]
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { parseArgs } from "node:util";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { loadOnnx, tensor, UserError } from "../../dist/index.js";
import { readPytorch } from "../../dist/formats/pytorch-file.js";
import { kerasBytes } from "../../dist/formats/keras/index.js";
import { readKeras } from "../../dist/formats/keras/keras.js";
import { tfjsBytes } from "../../dist/formats/tensorflow/index.js";
import { networkOf } from "../../dist/formats/networks/index.js";
import { readSafetensors, writeSafetensors } from "../../dist/formats/safetensors.js";

const golden = path.join(import.meta.dirname, "../golden");
const LIMIT_MS = 5000;
const LIMIT_MB = 1024;

/** Small numbers from a seed, the same on every machine (mulberry32). */
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seeds() {
  const cases = JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(golden, "onnx-cases.json.gz"))));
  const pickles = JSON.parse(fs.readFileSync(path.join(golden, "pytorch-files.json"), "utf8"));
  const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
  const keras = JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(golden, "keras-models.json.gz"))));
  const kerasFiles = (kind) =>
    ["functional", "sequential", "nested", "chain"].map((name) => bytes(keras[name].files[kind]));
  const tfjs = JSON.parse(fs.readFileSync(path.join(golden, "tfjs-models.json"), "utf8"));
  const weights = new Map([["a.b", { shape: [2, 3], data: new Float32Array(6) }]]);
  return {
    onnx: Object.values(cases).map((files) => bytes(files["model.onnx"])),
    pytorch: ["zip", "wrapped", "legacy"].map((name) => bytes(pickles[name])),
    networks: networkFiles(),
    tfjs: Object.values(tfjs).map(
      (files) => new Uint8Array(Buffer.from(JSON.stringify(files["model.json"]))),
    ),
    keras: kerasFiles("keras"),
    h5: kerasFiles("h5"),
    safetensors: [writeSafetensors(weights, { note: "x" })],
  };
}

/** State dicts of PyTorch, with the names of networks that are known. */
function networkFiles() {
  const { tensors } = readSafetensors(
    new Uint8Array(fs.readFileSync(path.join(golden, "networks.safetensors"))),
    "golden",
  );
  const files = new Map();
  for (const [key, tensor] of tensors) {
    const [network, name] = key.split("/");
    if (name) files.set(network, (files.get(network) ?? new Map()).set(name, tensor));
  }
  return [...files.values()].map((list) => writeSafetensors(list));
}

/** The files beside a mutated model.json: zeros, whatever their names. */
const zeros = () => new Uint8Array(32768);

/** A few bytes changed, put in, taken out, or a piece repeated; lengths and counts are hit as well as names. */
function mutated(sound, random) {
  let bytes = Array.from(sound);
  const at = () => Math.floor(random() * bytes.length);
  const interesting = [0, 1, 0x7f, 0x80, 0xff, 0xfe];
  for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
    const what = random();
    if (what < 0.4) bytes[at()] = interesting[Math.floor(random() * interesting.length)];
    else if (what < 0.6) bytes[at()] ^= 1 << Math.floor(random() * 8);
    else if (what < 0.7) bytes.splice(at(), 1 + Math.floor(random() * 8));
    else if (what < 0.8)
      bytes.splice(
        at(),
        0,
        ...Array.from({ length: 1 + Math.floor(random() * 10) }, () => Math.floor(random() * 256)),
      );
    else if (what < 0.9) bytes = bytes.slice(0, at());
    else {
      const from = at();
      bytes.splice(at(), 0, ...bytes.slice(from, from + 16));
    }
  }
  return Uint8Array.from(bytes);
}

function onnxOf(format, bytes) {
  if (format === "keras" || format === "h5") return kerasBytes(readKeras(bytes, "m.keras"), "m.keras");
  if (format === "tfjs") return tfjsBytes(bytes, "model.json", zeros);
  if (format === "networks")
    return networkOf(readSafetensors(bytes, "f.safetensors").tensors, "f.safetensors").bytes;
  return bytes;
}

async function tried(format, bytes) {
  if (format === "pytorch") return void readPytorch(bytes, "f.pth");
  if (format === "safetensors") return void readSafetensors(bytes, "f.safetensors");
  const model = await loadOnnx(await onnxOf(format, bytes));
  const sizeOf = (n, axis) => (typeof n === "number" ? n : ([1, 3, 8, 8][axis] ?? 2));
  const given = {};
  for (const { name, shape } of model.inputs) {
    const dims = (shape ?? [1]).map(sizeOf);
    const size = dims.reduce((a, b) => a * b, 1);
    if (size > 1e6) return;
    given[name] = tensor(new Float32Array(size).fill(0.5), dims);
  }
  await model.run(given);
}

if (!isMainThread) {
  parentPort.postMessage({ outcome: "ready" });
  parentPort.on("message", async ({ format, bytes }) => {
    try {
      await tried(format, bytes);
      parentPort.postMessage({ outcome: "read" });
    } catch (error) {
      const isSentence = error instanceof UserError && !error.message.includes("\n");
      parentPort.postMessage({
        outcome: isSentence ? "refused" : "fault",
        message: String(error?.stack ?? error),
      });
    }
  });
} else {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      cases: { type: "string" },
      seed: { type: "string", default: "1" },
      format: { type: "string", multiple: true },
    },
  });
  const random = numbers(Number(values.seed));
  const sound = seeds();
  const formats = values.format ?? Object.keys(sound);
  const open = async () => {
    const worker = new Worker(new URL(import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: LIMIT_MB },
    });
    await new Promise((resolve) => worker.once("message", resolve)); // loading is not what is timed
    return worker;
  };
  let worker = await open();
  const counts = { read: 0, refused: 0 };
  const faults = [];
  const until = values.seconds ? Date.now() + 1000 * Number(values.seconds) : Infinity;
  const most = values.cases ? Number(values.cases) : values.seconds ? Infinity : 1000;
  for (let i = 0; i < most && Date.now() < until; i++) {
    const format = formats[Math.floor(random() ** 2 * formats.length)];
    const list = sound[format];
    const bytes = mutated(list[Math.floor(random() * list.length)], random);
    const { outcome, message } = await new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve({ outcome: "fault", message: `no end within ${LIMIT_MS} ms` }),
        LIMIT_MS,
      );
      const end = (result) => {
        clearTimeout(timer);
        worker.removeAllListeners("message").removeAllListeners("error");
        resolve(result);
      };
      worker.once("message", end);
      worker.once("error", (error) => end({ outcome: "fault", message: String(error) }));
      worker.postMessage({ format, bytes });
    });
    if (outcome !== "fault") counts[outcome]++;
    else {
      const file = path.join(process.env.TMPDIR ?? "/tmp", `fovea-fuzz-${values.seed}-${i}.${format}`);
      fs.writeFileSync(file, bytes);
      faults.push(file);
      console.log(`${file}: ${message.split("\n").slice(0, 4).join(" | ")}`);
      await worker.terminate();
      worker = await open();
    }
  }
  await worker.terminate();
  console.log(`${counts.read} read, ${counts.refused} refused in one sentence, ${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
