// Five convolutional networks as files of ONNX, of their published shapes and with numbers by a formula, for `fovea bench --model`:
//   node bench/networks.mjs FOLDER
//   for n in dncnn17 unet ffdnet-color compact-x4 rrdb6-x4; do
//     npx fovea bench --model FOLDER/$n.onnx --against onnxruntime --threads 2 --seconds 6 --size 256 --json | head -1; done
import fs from "node:fs";
import path from "node:path";
import { DnCNN, toOnnx, UNet, useBackend } from "../dist/index.js";
import { networkOf } from "../dist/formats/networks/index.js";

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("give a folder for the files");
  process.exit(1);
}
fs.mkdirSync(folder, { recursive: true });
await useBackend("reference");
const write = (name, bytes) => fs.writeFileSync(path.join(folder, `${name}.onnx`), bytes);

for (const [name, network, shapes] of [
  ["dncnn17", new DnCNN(), [1, 64, 64, 1]],
  ["unet", new UNet(), [[1, 64, 64, 1], [1]]],
]) {
  network.build(shapes);
  write(name, await toOnnx(network));
}

let seed = 1;
const uniform = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
/** Tensors of PyTorch by name, from which the network is known. */
class Tensors extends Map {
  add(name, shape) {
    const size = shape.reduce((a, b) => a * b, 1);
    const scale = 2 / Math.sqrt(size / shape[0]);
    this.set(name, { shape, data: Float32Array.from({ length: size }, () => uniform() * scale) });
  }
  conv(name, outputs, inputs) {
    this.add(`${name}.weight`, [outputs, inputs, 3, 3]);
    this.add(`${name}.bias`, [outputs]);
  }
}

const ffdnet = new Tensors();
ffdnet.conv("model.0", 96, 13);
for (let i = 1; i < 11; i++) ffdnet.conv(`model.${2 * i}`, 96, 96);
ffdnet.conv("model.22", 12, 96);
write("ffdnet-color", networkOf(ffdnet, "ffdnet").bytes);

// realesr-general-x4v3
const compact = new Tensors();
compact.conv("body.0", 64, 3);
for (let i = 0; i <= 32; i++) {
  compact.add(`body.${2 * i + 1}.weight`, [64]);
  if (i < 32) compact.conv(`body.${2 * i + 2}`, 64, 64);
}
compact.conv("body.66", 48, 64);
write("compact-x4", networkOf(compact, "compact").bytes);

// RealESRGAN_x4plus_anime_6B
const rrdb = new Tensors();
rrdb.conv("conv_first", 64, 3);
for (let block = 0; block < 6; block++)
  for (let dense = 1; dense <= 3; dense++)
    for (let i = 1; i <= 5; i++)
      rrdb.conv(`body.${block}.rdb${dense}.conv${i}`, i === 5 ? 64 : 32, 32 + 32 * i);
for (const name of ["conv_body", "conv_up1", "conv_up2", "conv_hr"]) rrdb.conv(name, 64, 64);
rrdb.conv("conv_last", 3, 64);
write("rrdb6-x4", networkOf(rrdb, "rrdb").bytes);
