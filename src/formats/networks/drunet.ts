// DRUNet (Zhang et al., TPAMI 2021): a U-net of residual blocks without biases that takes the noise level as a channel; three times
// halved by strided convolutions, three times doubled by transposed ones.

import type { Architecture } from "./architecture.js";
import type { NetworkWriter } from "./writer.js";

const noBias = { bias: false } as const;

/** x + conv(relu(conv(x))), as often as the file has it, from position `first` on. */
function blocks(net: NetworkWriter, x: string, prefix: string, channels: number, first = 0): string {
  const isBlock = (i: number) => net.weights.has(`${prefix}.${i}.res.0.weight`);
  let y = x;
  for (let i = first; isBlock(i); i++) {
    const inner = net.relu(net.conv(y, `${prefix}.${i}.res.0`, [channels, channels, 3], noBias));
    y = net.add(y, net.conv(inner, `${prefix}.${i}.res.2`, [channels, channels, 3], noBias));
  }
  return y;
}

/**
 * What comes at each of four sizes, of these channels: three times blocks and a convolution of stride 2, `m_down1` to `m_down3`.
 */
export function encoder(
  net: NetworkWriter,
  head: string,
  widths: readonly number[],
  blocksOf: typeof blocks,
): string[] {
  const levels = [head];
  for (const level of [1, 2, 3]) {
    const prefix = `m_down${level}`;
    const [from, to] = [widths[level - 1], widths[level]];
    const last = net.weights.count(`${prefix}.`) - 1;
    const y = blocksOf(net, levels[level - 1], prefix, from);
    levels.push(net.conv(y, `${prefix}.${last}`, [to, from, 2], { ...noBias, stride: 2, padding: 0 }));
  }
  return levels;
}

export const drunet: Architecture = {
  name: "DRUNet",
  isIn: (weights) => ["m_head.weight", "m_down1.0.res.0.weight", "m_up3.0.weight", "m_tail.weight"].every((name) => weights.has(name)), // prettier-ignore
  write(net) {
    const { weights, graph } = net;
    const [first, inputs] = weights.shape("m_head.weight");
    const channels = inputs - 1;
    const widths = [first, ...[1, 2, 3].map((level) => weights.shape(`m_down${level}.${weights.count(`m_down${level}.`) - 1}.weight`)[0])]; // prettier-ignore
    const head = net.conv(
      net.withLevel(net.images(channels), net.sigma()),
      "m_head",
      [first, inputs, 3],
      noBias,
    );
    const levels = encoder(net, head, widths, blocks);
    let y = net.add(blocks(net, levels[3], "m_body", widths[3]), levels[3]);
    for (const level of [3, 2, 1]) {
      const [from, to] = [widths[level], widths[level - 1]];
      const kernel = net.tensor(`m_up${level}.0.weight`, [from, to, 2, 2]);
      y = graph.node("ConvTranspose", [y, kernel], { kernel_shape: [2, 2], strides: [2, 2] });
      y = net.add(blocks(net, y, `m_up${level}`, to, 1), levels[level - 1]);
    }
    return { output: net.conv(y, "m_tail", [channels, first, 3], noBias), channels };
  },
};
