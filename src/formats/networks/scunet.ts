// SCUNet (Zhang et al., Machine Intelligence Research 2023): DRUNet's U-net with blocks whose channels go one half through residual
// convolutions, the other through attention within windows, every second of which is shifted. It pads pictures itself.

import type { Architecture } from "./architecture.js";
import { encoder } from "./drunet.js";
import { windowAttention } from "./window-attention.js";
import type { NetworkWriter } from "./writer.js";

const noBias = { bias: false } as const;

/** x + attention, then x + perceptron, both of normalised pixels. */
function transformer(net: NetworkWriter, x: string, name: string, width: number, isShifted: boolean): string {
  const seen = windowAttention(net, net.layerNorm(x, `${name}.ln1`, width, 1e-5), `${name}.msa`, width, isShifted); // prettier-ignore
  const y = net.add(x, seen);
  const hidden = net.linear(net.layerNorm(y, `${name}.ln2`, width, 1e-5), `${name}.mlp.0`, [4 * width, width]); // prettier-ignore
  return net.add(y, net.linear(net.gelu(hidden), `${name}.mlp.2`, [width, 4 * width]));
}

/** As many blocks as the file has, from position `first` on. */
function blocks(net: NetworkWriter, x: string, prefix: string, width: number, first = 0): string {
  const half = width / 2;
  let y = x;
  for (let i = first; net.weights.has(`${prefix}.${i}.conv1_1.weight`); i++) {
    const name = `${prefix}.${i}`;
    const [left, right] = net.split(net.conv(y, `${name}.conv1_1`, [width, width, 1]), 2, half);
    const inner = net.relu(net.conv(left, `${name}.conv_block.0`, [half, half, 3], noBias));
    const convolved = net.add(net.conv(inner, `${name}.conv_block.2`, [half, half, 3], noBias), left);
    const attended = transformer(net, right, `${name}.trans_block`, half, (i - first) % 2 === 1);
    y = net.add(y, net.conv(net.concat(convolved, attended), `${name}.conv1_2`, [width, width, 1]));
  }
  return y;
}

export const scunet: Architecture = {
  name: "SCUNet",
  isWhole: true,
  isIn: (weights) => ["m_head.0.weight", "m_body.0.trans_block.msa.relative_position_params", "m_tail.0.weight"].every((name) => weights.has(name)), // prettier-ignore
  write(net) {
    const { weights, graph } = net;
    const [first, channels] = weights.shape("m_head.0.weight");
    const side = (weights.shape("m_body.0.trans_block.msa.relative_position_params", 3)[1] + 1) / 2;
    const picture = net.images(channels);
    const widths = [1, 2, 4, 8].map((times) => times * first);
    // Whole windows at an eighth of the size.
    const head = net.conv(net.paddedTo(picture, 8 * side), "m_head.0", [first, channels, 3], noBias);
    const levels = encoder(net, head, widths, blocks);
    let y = blocks(net, levels[3], "m_body", widths[3]);
    for (const level of [3, 2, 1]) {
      const [from, to] = [widths[level], widths[level - 1]];
      const kernel = net.tensor(`m_up${level}.0.weight`, [from, to, 2, 2]);
      y = graph.node("ConvTranspose", [net.add(y, levels[level]), kernel], { kernel_shape: [2, 2], strides: [2, 2] }); // prettier-ignore
      y = blocks(net, y, `m_up${level}`, to, 1);
    }
    y = net.conv(net.add(y, levels[0]), "m_tail.0", [channels, first, 3], noBias);
    return { output: net.croppedLike(y, picture), channels };
  },
};
