// RLFN (Kong et al., NTIRE 2022): residual local feature blocks, each with a spatial attention that sees the picture reduced and
// enlarges what it finds to the picture's own size. So the answer depends on where the picture ends.

import type { Architecture } from "./architecture.js";
import { type NetworkWriter, shuffled } from "./writer.js";

/** x times a map that is computed on a small copy. */
function attention(net: NetworkWriter, x: string, name: string, width: number): string {
  const [inner] = net.weights.shape(`${name}.conv1.weight`);
  const conv = (y: string, layer: string, outputs: number, inputs: number, kernel: number, options = {}) =>
    net.conv(y, `${name}.${layer}`, [outputs, inputs, kernel], options);
  const narrow = conv(x, "conv1", inner, width, 1);
  const half = conv(narrow, "conv2", inner, inner, 3, { stride: 2, padding: 0 });
  const small = net.graph.node("MaxPool", [half], { kernel_shape: [7, 7], strides: [3, 3] });
  const large = net.bilinearLike(conv(small, "conv3", inner, inner, 3), x);
  const both = net.add(large, conv(narrow, "conv_f", inner, inner, 1));
  return net.mul(x, net.sigmoid(conv(both, "conv4", width, inner, 1)));
}

export const rlfn: Architecture = {
  name: "RLFN",
  isWhole: true,
  isIn: (weights) => ["conv_1.weight", "block_1.c1_r.weight", "block_1.esa.conv_f.weight", "upsampler.0.weight"].every((name) => weights.has(name)), // prettier-ignore
  write(net) {
    const { weights } = net;
    const [width, colours] = weights.shape("conv_1.weight");
    const [outputs] = weights.shape("upsampler.0.weight");
    const { scale, channels } = shuffled(outputs, colours);
    const first = net.conv(net.images(colours), "conv_1", [width, colours, 3]);
    let y = first;
    for (let i = 1; i <= weights.count("block_", 1); i++) {
      const name = `block_${i}`;
      const [middle] = weights.shape(`${name}.c1_r.weight`);
      const widths = [width, middle, middle, width];
      let inner = y;
      for (const k of [1, 2, 3])
        inner = net.leakyRelu(net.conv(inner, `${name}.c${k}_r`, [widths[k], widths[k - 1], 3]), 0.05);
      const mixed = net.conv(net.add(inner, y), `${name}.c5`, [width, width, 1]);
      y = attention(net, mixed, `${name}.esa`, width);
    }
    y = net.add(net.conv(y, "conv_2", [width, width, 3]), first);
    return { output: net.pixelShuffle(net.conv(y, "upsampler.0", [outputs, width, 3]), scale), channels };
  },
};
