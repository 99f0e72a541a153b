// Makes weights/NAME.safetensors of a run of `fovea train`: the weights alone, as float16, with what `enhance` must know and
// none of the paths of the machine it was trained on. Prints the facts that the card beside it states. With --credits, writes
// weights/CREDITS.tsv of a table of the training pictures.
//
//   node scripts/bundle-weights.mjs runs/mine denoise-color
//   node scripts/bundle-weights.mjs --credits SOURCES.tsv
import fs from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const weights = fileURLToPath(new URL("weights/", root));
const fromDist = (file) => import(new URL(`dist/${file}`, root));
const mostBytes = 4e6;

const [first, second] = process.argv.slice(2);
if (first === "--credits" && second) credits(second);
else if (first && second) await bundle(first, second);
else {
  console.error("usage: bundle-weights.mjs RUN NAME | --credits SOURCES.tsv");
  process.exit(1);
}

async function bundle(run, name) {
  const { readSafetensorsFile, writeSafetensorsFile } = await fromDist("formats/files.js");
  const { modelFileOf } = await fromDist("train/files.js");
  const { createModel } = await fromDist("models/index.js");
  const { summary } = await fromDist("nn/summary.js");
  const { useBackend } = await fromDist("backend/select.js");

  const file = modelFileOf(run);
  const { tensors, metadata } = readSafetensorsFile(file);
  const { model, task, sigma } = JSON.parse(metadata.fovea);
  const { step } = JSON.parse(metadata["fovea.progress"]);
  const kept = new Map([...tensors].filter(([tensor]) => tensor.startsWith("model.")));
  const target = `${weights}${name}.safetensors`;
  fs.mkdirSync(weights, { recursive: true });
  const described = {
    fovea: JSON.stringify({ model, task, sigma }),
    "fovea.progress": JSON.stringify({ step, minutes: 0 }),
  };
  writeSafetensorsFile(target, kept, described, "F16");

  const backend = await useBackend("reference");
  const network = createModel(model);
  const side = 256;
  const images = [1, side, side, network.channels];
  const { parameters, operations } = summary(network, network.takesSigma ? [images, [1]] : images);
  await backend.close();
  const bytes = fs.statSync(target).size;
  console.log(`${target}: ${bytes} bytes of float16, from ${file}, step ${step}
architecture   ${model.architecture} ${JSON.stringify(model.options)}
parameters     ${parameters}
MFLOP a pixel  ${(operations / side ** 2 / 1e6).toFixed(3)} (a multiplication and an addition are two)`);
  if (bytes > mostBytes) {
    console.error(`That is more than the ${mostBytes} bytes a bundled network may have.`);
    process.exit(1);
  }
}

/** The columns that the licences ask for: file, source, original file, author, licence. */
function credits(table) {
  const rows = fs.readFileSync(table, "utf8").trimEnd().split("\n");
  const wanted = ["file", "source", "original file", "author", "licence"];
  const header = rows[0].split("\t");
  const columns = wanted.map((name) => header.indexOf(name));
  if (columns.includes(-1)) throw new Error(`${table} lacks one of the columns ${wanted.join(", ")}`);
  const lines = rows.map((row) => columns.map((column) => row.split("\t")[column] ?? "").join("\t"));
  fs.mkdirSync(weights, { recursive: true });
  fs.writeFileSync(`${weights}CREDITS.tsv`, `${lines.join("\n")}\n`);
  console.log(`${weights}CREDITS.tsv: ${lines.length - 1} pictures`);
}
