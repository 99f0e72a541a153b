// Networks that compute at the small size and shuffle the last channels to pixels: SRVGGNetCompact of Real-ESRGAN (2021), and the plain
// form of ECBSR (Zhang et al., ACM MM 2021).

import { UserError } from "../../base/errors.js";
import type { Architecture } from "./architecture.js";
import { shuffled } from "./writer.js";

/** body.0, body.2, ... convolutions, body.1, body.3, ... slopes; the picture enlarged by repeating its pixels is added. */
export const compact: Architecture = {
  name: "SRVGGNetCompact",
  isIn: (weights) =>
    weights.has("body.0.weight") && weights.names.every((name) => /^body\.\d+\.(weight|bias)$/.test(name)),
  write(net) {
    const { weights } = net;
    const layers = weights.count("body.");
    const last = layers - 1;
    const [width, colours] = weights.shape("body.0.weight");
    const [outputs] = weights.shape(`body.${last}.weight`);
    const { scale, channels } = shuffled(outputs, colours);
    const x = net.images(colours);
    let y = x;
    for (let i = 0; i < layers; i += 2) {
      y = net.conv(y, `body.${i}`, [i === last ? outputs : width, i === 0 ? colours : width, 3]);
      if (i < last) y = net.prelu(y, `body.${i + 1}.weight`, width);
    }
    return { output: net.add(net.pixelShuffle(y, scale), net.nearest(x, scale)), channels };
  },
};

/** backbone.0.conv3x3, ...: the picture is added before the shuffle, which grey pictures alone allow. */
export const ecbsr: Architecture = {
  name: "ECBSR",
  isIn: (weights) => weights.has("backbone.0.conv3x3.weight"),
  write(net) {
    const { weights } = net;
    if (weights.has("backbone.0.conv1x1_3x3.k0"))
      throw new UserError(
        `${weights.source} holds ECBSR as it was trained, with parallel branches; merge them into its plain form first (PlainSR, by the authors' convert.py).`,
      );
    const layers = weights.count("backbone.");
    const last = layers - 1;
    const [width, colours] = weights.shape("backbone.0.conv3x3.weight");
    const [outputs] = weights.shape(`backbone.${last}.conv3x3.weight`);
    const { scale, channels } = shuffled(outputs, colours);
    const x = net.images(colours);
    let y = x;
    for (let i = 0; i < layers; i++) {
      const name = `backbone.${i}`;
      y = net.conv(y, `${name}.conv3x3`, [i === last ? outputs : width, i === 0 ? colours : width, 3]);
      if (i === last) break;
      y = weights.has(`${name}.act.weight`) ? net.prelu(y, `${name}.act.weight`, width) : net.relu(y);
    }
    return { output: net.pixelShuffle(net.add(y, x), scale), channels };
  },
};
