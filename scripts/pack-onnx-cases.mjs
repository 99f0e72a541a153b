// Packs those of ONNX's node tests that are made of the operators of networks of images, and are small, into one file for the
// tests: node scripts/pack-onnx-cases.mjs FOLDER test/golden/onnx-cases.json.gz NAME...
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";

const [folder, out, ...names] = process.argv.slice(2);
const cases = {};
for (const name of names.sort()) {
  const data = path.join(folder, name, "test_data_set_0");
  const files = [
    path.join(folder, name, "model.onnx"),
    ...fs
      .readdirSync(data)
      .sort()
      .map((f) => path.join(data, f)),
  ];
  cases[name] = Object.fromEntries(
    files.map((file) => [path.basename(file), fs.readFileSync(file, "base64")]),
  );
}
fs.writeFileSync(out, zlib.gzipSync(JSON.stringify(cases), { level: 9 }));
console.log(`${names.length} cases, ${fs.statSync(out).size} bytes`);
