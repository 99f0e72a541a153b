// NAFNet (Chen et al., ECCV 2022): a U-net whose only nonlinearity is the product of halves of the channels, with a channel attention
// over the whole picture, so that pictures cannot be cut into tiles.

import type { Architecture } from "./architecture.js";
import type { NetworkWriter } from "./writer.js";

function block(net: NetworkWriter, x: string, name: string, width: number): string {
  const wide = net.weights.shape(`${name}.conv1.weight`)[0];
  const hidden = net.weights.shape(`${name}.conv4.weight`)[0];
  const gate = (y: string, channels: number) => {
    const [a, b] = net.split(y, 2, channels / 2);
    return net.mul(a, b);
  };
  const weighed = (y: string, part: string) => net.mul(y, net.tensor(`${name}.${part}`, [1, width, 1, 1]));
  let y = net.conv(net.layerNorm(x, `${name}.norm1`, width, 1e-6), `${name}.conv1`, [wide, width, 1]);
  y = gate(net.conv(y, `${name}.conv2`, [wide, wide, 3], { groups: wide }), wide);
  const mean = net.graph.node("GlobalAveragePool", [y]);
  y = net.mul(y, net.conv(mean, `${name}.sca.1`, [wide / 2, wide / 2, 1]));
  const first = net.add(x, weighed(net.conv(y, `${name}.conv3`, [width, wide / 2, 1]), "beta"));
  y = net.conv(net.layerNorm(first, `${name}.norm2`, width, 1e-6), `${name}.conv4`, [hidden, width, 1]);
  return net.add(first, weighed(net.conv(gate(y, hidden), `${name}.conv5`, [width, hidden / 2, 1]), "gamma"));
}

function blocks(net: NetworkWriter, x: string, prefix: string, width: number): string {
  const count = net.weights.count(`${prefix}.`);
  return Array.from({ length: count }, (_, i) => `${prefix}.${i}`).reduce((y, name) => block(net, y, name, width), x); // prettier-ignore
}

export const nafnet: Architecture = {
  name: "NAFNet",
  isIn: (weights) => ["intro.weight", "middle_blks.0.sca.1.weight", "ending.weight"].every((name) => weights.has(name)), // prettier-ignore
  write(net) {
    const { weights } = net;
    const [width, channels] = weights.shape("intro.weight");
    const levels = weights.count("encoders.");
    const x = net.images(channels);
    let y = net.conv(x, "intro", [width, channels, 3]);
    const seen: string[] = [];
    for (let level = 0; level < levels; level++) {
      const own = width * 2 ** level;
      y = blocks(net, y, `encoders.${level}`, own);
      seen.push(y);
      y = net.conv(y, `downs.${level}`, [2 * own, own, 2], { stride: 2, padding: 0 });
    }
    y = blocks(net, y, "middle_blks", width * 2 ** levels);
    for (let i = 0; i < levels; i++) {
      const from = width * 2 ** (levels - i);
      y = net.pixelShuffle(net.conv(y, `ups.${i}.0`, [2 * from, from, 1], { bias: false }), 2);
      y = blocks(net, net.add(y, seen[levels - 1 - i]), `decoders.${i}`, from / 2);
    }
    return { output: net.add(net.conv(y, "ending", [channels, width, 3]), x), channels };
  },
};
