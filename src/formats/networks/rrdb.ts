// ESRGAN's network (Wang et al., ECCVW 2018): residual in residual dense blocks, doubled by repeated pixels and a convolution; and
// ESRGAN+ (Rakotonirina and Rasoanaivo, ICASSP 2020), whose dense blocks have residuals inside. The layers have had three sets of
// names; the oldest two are given the newest, Real-ESRGAN's.

import type { Architecture } from "./architecture.js";
import type { StateDict } from "./state-dict.js";

/** The newest name of each, and how the older ones call it. */
const renames: readonly (readonly [RegExp, string])[] = [
  [/^RRDB_trunk\.(\d+)\.RDB(\d)\.conv(\d|1x1)\./, "body.$1.rdb$2.conv$3."],
  [/^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\./, "body.$1.rdb$2.conv$3."],
  [/^model\.1\.sub\.(\d+)\.RDB(\d)\.conv1x1\./, "body.$1.rdb$2.conv1x1."],
  [/^trunk_conv\./, "conv_body."],
  [/^model\.1\.sub\.\d+\.(weight|bias)$/, "conv_body.$1"],
  [/^upconv(\d)\./, "conv_up$1."],
  [/^HRconv\./, "conv_hr."],
  [/^model\.0\./, "conv_first."],
];

/** How the layers after the blocks are called in the oldest files: by their places, of which the last two end the network. */
function laterNames(weights: StateDict): ReadonlyMap<string, string> {
  const places = weights.names.flatMap((name) => /^model\.(\d+)\.weight$/.exec(name)?.[1] ?? []);
  const later = places.map(Number).filter((n) => n > 1).sort((a, b) => a - b); // prettier-ignore
  return new Map(
    later.map((place, i) => {
      const fromEnd = later.length - i;
      return [`model.${place}`, fromEnd === 1 ? "conv_last" : fromEnd === 2 ? "conv_hr" : `conv_up${i + 1}`];
    }),
  );
}

function newestNames(weights: StateDict): ReadonlyMap<string, string> {
  const later = laterNames(weights);
  return new Map(
    weights.names.map((name) => {
      const [, layer, part] = /^(model\.\d+)\.(weight|bias)$/.exec(name) ?? [];
      if (layer && later.has(layer)) return [`${later.get(layer)!}.${part}`, name];
      const rename = renames.find(([pattern]) => pattern.test(name));
      return [rename ? name.replace(rename[0], rename[1]) : name, name];
    }),
  );
}

export const rrdb: Architecture = {
  name: "ESRGAN (RRDBNet)",
  isIn: (weights) => {
    const names = newestNames(weights);
    return ["conv_first.weight", "body.0.rdb1.conv1.weight", "conv_body.weight", "conv_last.weight"].every((name) => names.has(name)); // prettier-ignore
  },
  write(net) {
    const { weights } = net;
    const names = newestNames(weights);
    const called = (name: string): string => names.get(`${name}.weight`)?.slice(0, -".weight".length) ?? name;
    const shape = (name: string) => weights.shape(`${called(name)}.weight`);
    const conv = (x: string, name: string, outputs: number, inputs: number) =>
      net.conv(x, called(name), [outputs, inputs, 3]);
    const [width, inputs] = shape("conv_first");
    const [channels] = shape("conv_last");
    const [growth] = shape("body.0.rdb1.conv1");
    // Networks for smaller factors fold the picture first.
    const fold = [2, 4].find((n) => inputs === channels * n * n) ?? 1;
    const picture = net.images(inputs / fold ** 2);
    const folded = fold === 1 ? picture : net.pixelUnshuffle(picture, fold, inputs / fold ** 2);

    /** Each convolution sees all before it. ESRGAN+ adds x to the second, the second to the fourth, and noise in training alone. */
    const dense = (x: string, name: string): string => {
      const isPlus = names.has(`${name}.conv1x1.weight`);
      const parts = [x];
      for (let i = 1; i <= 4; i++) {
        const all = parts.length === 1 ? x : net.concat(...parts);
        const y = net.leakyRelu(conv(all, `${name}.conv${i}`, growth, width + (i - 1) * growth), 0.2);
        if (!isPlus || i % 2 === 1) parts.push(y);
        else if (i === 4) parts.push(net.add(y, parts[2]));
        else
          parts.push(net.add(y, net.conv(x, called(`${name}.conv1x1`), [growth, width, 1], { bias: false })));
      }
      const last = conv(net.concat(...parts), `${name}.conv5`, width, width + 4 * growth);
      return net.add(net.scaled(last, 0.2), x);
    };
    const first = conv(folded, "conv_first", width, inputs);
    let y = first;
    for (let i = 0; names.has(`body.${i}.rdb1.conv1.weight`); i++) {
      const inner = [1, 2, 3].reduce((x, k) => dense(x, `body.${i}.rdb${k}`), y);
      y = net.add(net.scaled(inner, 0.2), y);
    }
    y = net.add(first, conv(y, "conv_body", width, width));
    for (let i = 1; names.has(`conv_up${i}.weight`); i++)
      y = net.leakyRelu(conv(net.nearest(y, 2), `conv_up${i}`, width, width), 0.2);
    y = net.leakyRelu(conv(y, "conv_hr", width, width), 0.2);
    return { output: conv(y, "conv_last", channels, width), channels };
  },
};
