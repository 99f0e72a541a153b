// SPAN (Wan et al., CVPRW 2024): blocks of three convolutions whose answer weighs itself, without attention's parameters. Each
// convolution was trained as a chain of three beside a 1 x 1 one; here they are merged into one 3 x 3, as its authors do after training.

import type { Architecture } from "./architecture.js";
import { type NetworkWriter, shuffled } from "./writer.js";

/** Of the pictures it was trained on, DIV2K; not in the file. */
const means = [0.4488, 0.4371, 0.404];
const whites = 255;

/** W = w3 w2 w1 + sk at the centre; b = w3 (sum of w2 b1 + b2) + b3 + the skip's. */
function merged(net: NetworkWriter, x: string, name: string, outputs: number, inputs: number): string {
  const { weights, graph } = net;
  const gain = 2;
  const [mid, wide] = [inputs * gain, outputs * gain];
  const take = (layer: string, shape: readonly number[]) => weights.take(`${name}.${layer}`, shape).data;
  const [w1, b1] = [take("conv.0.weight", [mid, inputs, 1, 1]), take("conv.0.bias", [mid])];
  const [w2, b2] = [take("conv.1.weight", [wide, mid, 3, 3]), take("conv.1.bias", [wide])];
  const [w3, b3] = [take("conv.2.weight", [outputs, wide, 1, 1]), take("conv.2.bias", [outputs])];
  const [sk, skBias] = [take("sk.weight", [outputs, inputs, 1, 1]), take("sk.bias", [outputs])];
  for (const part of ["weight", "bias"]) weights.ignore(`${name}.eval_conv.${part}`); // made of the others at the last step
  const kernel = new Float64Array(outputs * inputs * 9);
  const bias = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    bias[o] = b3[o] + skBias[o];
    for (let n = 0; n < wide; n++) {
      const outer = w3[o * wide + n];
      bias[o] += outer * b2[n];
      for (let m = 0; m < mid; m++)
        for (let k = 0; k < 9; k++) {
          const inner = outer * w2[(n * mid + m) * 9 + k];
          bias[o] += inner * b1[m];
          for (let i = 0; i < inputs; i++) kernel[(o * inputs + i) * 9 + k] += inner * w1[m * inputs + i];
        }
    }
    for (let i = 0; i < inputs; i++) kernel[(o * inputs + i) * 9 + 4] += sk[o * inputs + i];
  }
  const constant = (shape: readonly number[], data: Float64Array, part: string) =>
    graph.constant({ type: "float", shape, data: Float32Array.from(data) }, `${name}.${part}`);
  return net.convolve([x, constant([outputs, inputs, 3, 3], kernel, "weight"), constant([outputs], bias, "bias")], 3); // prettier-ignore
}

export const span: Architecture = {
  name: "SPAN",
  isIn: (weights) => ["conv_1.sk.weight", "block_1.c1_r.sk.weight", "conv_cat.weight", "upsampler.0.weight"].every((name) => weights.has(name)), // prettier-ignore
  write(net) {
    const { weights, graph } = net;
    const [width, colours] = weights.shape("conv_1.sk.weight");
    const [outputs] = weights.shape("upsampler.0.weight");
    const { scale, channels } = shuffled(outputs, colours);
    const picture = net.images(colours);
    const isCentred = !weights.has("no_norm");
    weights.ignore("no_norm");
    const x = isCentred ? net.scaled(net.sub(picture, graph.floats(means.slice(0, colours), [colours, 1, 1])), whites) : picture; // prettier-ignore
    const first = merged(net, x, "conv_1", width, colours);
    const answers = [first];
    let inner = first;
    for (let i = 1; i <= weights.count("block_", 1); i++) {
      const at = answers[i - 1];
      const conv = (y: string, k: number) => merged(net, y, `block_${i}.c${k}_r`, width, width);
      inner = net.silu(conv(at, 1));
      const third = conv(net.silu(conv(inner, 2)), 3);
      const share = net.sub(net.sigmoid(third), graph.floats([0.5]));
      answers.push(net.mul(net.add(third, at), share));
    }
    const last = merged(net, answers[answers.length - 1], "conv_2", width, width);
    // `inner` is the last block's first activation: the authors' activation works in place.
    const joined = net.concat(first, last, answers[1], inner);
    const y = net.conv(joined, "conv_cat", [width, 4 * width, 1]);
    return { output: net.pixelShuffle(net.conv(y, "upsampler.0", [outputs, width, 3]), scale), channels };
  },
};
