// Runs ONNX's own node tests (onnx/backend/test/data/node of the project onnx/onnx, unpacked into a folder) on a backend, and says
// how many pass, operator by operator, and why the others do not.
//   node scripts/onnx-node-tests.mjs FOLDER [--backend native] [--only NAME] [--list]
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { tensor, useBackend, loadOnnx, scope, UserError } from "../dist/index.js";
import { readMessage } from "../dist/formats/onnx/wire.js";
import { modelTable, tensorTable } from "../dist/formats/onnx/messages.js";
import { decodeTensor } from "../dist/formats/onnx/tensors.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    backend: { type: "string", default: "reference" },
    only: { type: "string" },
    list: { type: "boolean" },
  },
});
const [folder] = positionals;
await useBackend(values.backend);

/** The operators of issue 34: what networks of images are made of, and more. */
const listed = new Set(
  `Conv ConvTranspose MatMul Gemm Relu LeakyRelu PRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Mish Softplus Softsign Gelu Tanh
  Erf Clip Add Sub Mul Div Pow Equal Greater GreaterOrEqual Less LessOrEqual Where ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1
  ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare GlobalAveragePool MaxPool AveragePool BatchNormalization
  InstanceNormalization GroupNormalization LayerNormalization Softmax Resize Upsample DepthToSpace SpaceToDepth Concat Split Slice Pad
  Transpose Reshape Flatten Squeeze Unsqueeze Expand Tile Gather Shape ConstantOfShape Cast Identity Dropout Einsum QuantizeLinear
  DequantizeLinear Floor Ceil Round Mod GridSample Adam Momentum`.split(/\s+/),
);
const read = (file, table) => readMessage(fs.readFileSync(file), table, path.basename(file));
const numbered = (files, start) =>
  files
    .filter((f) => f.startsWith(start))
    .sort((a, b) => Number(a.match(/\d+/)[0]) - Number(b.match(/\d+/)[0]));

/** Undefined where the case passes, else why not. */
async function fault(name) {
  const model = await loadOnnx(new Uint8Array(fs.readFileSync(path.join(folder, name, "model.onnx"))));
  const data = path.join(folder, name, "test_data_set_0");
  const files = fs.readdirSync(data);
  const arrays = (start) =>
    numbered(files, start).map((f) => decodeTensor(read(path.join(data, f), tensorTable), f));
  const [inputs, outputs] = [arrays("input_"), arrays("output_")];
  const inner = scope();
  try {
    return await compared();
  } finally {
    inner.dispose();
  }

  async function compared() {
    const given = Object.fromEntries(
      model.inputs.map(({ name }, i) => [name, tensor(inputs[i].data, [...inputs[i].shape])]),
    );
    const got = await model.run(given);
    for (const [i, { name: output }] of model.outputs.entries()) {
      const { shape, data: expected, type } = outputs[i];
      const t = got[output];
      if (t.shape.join() !== shape.join()) return `${output} has the shape [${t.shape}], not [${shape}]`;
      const numbers = await t.data();
      const coarse =
        type === "float16" ||
        type === "bfloat16" ||
        inputs.some((x) => x.type === "float16" || x.type === "bfloat16");
      const [rtol, atol] = coarse ? [1e-2, 1e-3] : [1e-3, 1e-6];
      for (let k = 0; k < expected.length; k++) {
        const [a, b] = [numbers[k], Math.fround(expected[k])];
        const close =
          a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= atol + rtol * Math.abs(b);
        if (!close) return `${output}[${k}] is ${a}, not ${b}`;
      }
    }
    return undefined;
  }
}

const byOperator = new Map();
const reasons = new Map();
let [passed, total, listedPassed, listedTotal] = [0, 0, 0, 0];
for (const name of fs.readdirSync(folder).sort()) {
  if (values.only && !name.includes(values.only)) continue;
  const file = path.join(folder, name, "model.onnx");
  if (!fs.existsSync(file)) continue;
  let why;
  try {
    why = await fault(name);
  } catch (error) {
    why =
      error instanceof UserError ? error.message : `FAULT ${error.stack.split("\n").slice(0, 4).join(" | ")}`;
  }
  const nodes = read(file, modelTable).graph.node.map((node) => node.opType);
  // Cases of one operator; the expanded ones are bodies of functions, and count with all their operators.
  const isListed = nodes.every((type) => listed.has(type)) && !why?.includes("FAULT no");
  total++;
  listedTotal += isListed;
  if (why === undefined) {
    passed++;
    listedPassed += isListed;
  } else if (values.list || isListed) reasons.set(name, `${isListed ? "*" : " "} ${name}: ${why}`);
  const key = nodes.length === 1 ? nodes[0] : "(several)";
  const entry = byOperator.get(key) ?? [0, 0];
  byOperator.set(key, [entry[0] + (why === undefined), entry[1] + 1]);
}
for (const reason of reasons.values()) console.log(reason);
console.log(
  [...byOperator]
    .map(([name, [ok, n]]) => `${name} ${ok}/${n}`)
    .sort()
    .join(", "),
);
console.log(
  `${values.backend}: ${passed} of ${total} pass; of those made of listed operators ${listedPassed} of ${listedTotal}`,
);
