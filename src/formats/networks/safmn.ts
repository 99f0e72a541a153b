// SAFMN (Sun et al., ICCV 2023): quarters of the channels are looked at in halves of the size, and what is found there weighs them.

import type { Architecture } from "./architecture.js";
import { type NetworkWriter, shuffled } from "./writer.js";

/** Sizes must be multiples of 2^(levels - 1): pooling to half the size is then a window of 2, to a quarter one of 4, ... */
function modulation(net: NetworkWriter, x: string, name: string, width: number): string {
  const levels = net.weights.count(`${name}.mfr.`);
  const size = width / levels;
  const parts = net.split(x, levels, size).map((part, level) => {
    const window = 2 ** level;
    const small =
      level === 0
        ? part
        : net.graph.node("MaxPool", [part], { kernel_shape: [window, window], strides: [window, window] });
    return net.nearest(net.conv(small, `${name}.mfr.${level}`, [size, size, 3], { groups: size }), window);
  });
  const mixed = net.conv(net.concat(...parts), `${name}.aggr`, [width, width, 1]);
  return net.mul(net.gelu(mixed), x);
}

export const safmn: Architecture = {
  name: "SAFMN",
  isIn: (weights) => ["to_feat.weight", "feats.0.safm.mfr.0.weight", "to_img.0.weight"].every((name) => weights.has(name)), // prettier-ignore
  write(net) {
    const { weights } = net;
    const [width, colours] = weights.shape("to_feat.weight");
    const [outputs] = weights.shape("to_img.0.weight");
    const { scale, channels } = shuffled(outputs, colours);
    const first = net.conv(net.images(colours), "to_feat", [width, colours, 3]);
    let y = first;
    for (let i = 0; i < weights.count("feats."); i++) {
      const name = `feats.${i}`;
      y = net.add(modulation(net, net.layerNorm(y, `${name}.norm1`, width, 1e-6), `${name}.safm`, width), y);
      const [hidden] = weights.shape(`${name}.ccm.ccm.0.weight`);
      const inner = net.gelu(net.conv(net.layerNorm(y, `${name}.norm2`, width, 1e-6), `${name}.ccm.ccm.0`, [hidden, width, 3])); // prettier-ignore
      y = net.add(net.conv(inner, `${name}.ccm.ccm.2`, [width, hidden, 1]), y);
    }
    y = net.conv(net.add(y, first), "to_img.0", [outputs, width, 3]);
    return { output: net.pixelShuffle(y, scale), channels };
  },
};
