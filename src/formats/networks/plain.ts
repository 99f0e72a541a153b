// Convolutions one after the other under the names model.0, model.2, ...: DnCNN (Zhang et al., TIP 2017), IRCNN (CVPR 2017, with
// growing and shrinking dilation), FDnCNN and FFDNet (TIP 2018, on a quarter of the pixels), as KAIR names them; dncnn.0, dncnn.2, ...
// in other repositories. Which of them it is follows from the channels of the first and the last.

import type { Architecture } from "./architecture.js";
import type { StateDict } from "./state-dict.js";
import type { NetworkWriter } from "./writer.js";

interface Plan {
  readonly prefix: "model" | "dncnn";
  /** Positions of the convolutions. */
  readonly layers: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
}

function planOf(weights: StateDict): Plan | undefined {
  for (const prefix of ["model", "dncnn"] as const) {
    const layers: number[] = [];
    for (const name of weights.names) {
      const position = new RegExp(`^${prefix}\\.(\\d+)\\.weight$`).exec(name)?.[1];
      if (position !== undefined && !weights.has(`${prefix}.${position}.running_mean`))
        layers.push(Number(position));
    }
    layers.sort((a, b) => a - b);
    if (layers.length < 2 || layers[0] !== 0 || !isChain(weights, prefix)) continue;
    const at = (layer: number) => weights.shape(`${prefix}.${layer}.weight`);
    return { prefix, layers, inputs: at(0)[1], outputs: at(layers[layers.length - 1])[0] };
  }
  return undefined;
}

/** Whether the file holds nothing but layers by position. */
const isChain = (weights: StateDict, prefix: string): boolean =>
  weights.names.every((name) =>
    new RegExp(`^${prefix}\\.\\d+\\.(weight|bias|running_mean|running_var|num_batches_tracked)$`).test(name),
  );

/** IRCNN's dilations; all other networks have none. */
const dilations = [1, 2, 3, 4, 3, 2, 1];

function chain(net: NetworkWriter, x: string, { prefix, layers }: Plan, dilated = false): string {
  const { weights } = net;
  const epsilon = prefix === "model" ? 1e-4 : 1e-5;
  let y = x;
  for (const [i, layer] of layers.entries()) {
    const name = `${prefix}.${layer}`;
    const [outputs, inputs, kernel] = weights.shape(`${name}.weight`);
    const bias = weights.has(`${name}.bias`);
    y = net.conv(y, name, [outputs, inputs, kernel], { bias, dilation: dilated ? dilations[i] : 1 });
    const after = `${prefix}.${layer + 1}`;
    if (weights.has(`${after}.running_mean`)) y = net.batchNorm(y, after, outputs, epsilon);
    if (i < layers.length - 1) y = net.relu(y);
  }
  return y;
}

const isPlain = (weights: StateDict, fits: (plan: Plan) => boolean): boolean => {
  const plan = planOf(weights);
  return plan !== undefined && fits(plan);
};

const isIrcnn = ({ layers, inputs, outputs }: Plan): boolean =>
  layers.length === dilations.length && inputs === outputs;

/** denoised = noisy - net(noisy) */
const residual = (name: string, fits: (plan: Plan) => boolean, dilated: boolean): Architecture => ({
  name,
  isIn: (weights) => isPlain(weights, fits),
  write(net) {
    const plan = planOf(net.weights)!;
    const x = net.images(plan.inputs);
    return { output: net.sub(x, chain(net, x, plan, dilated)), channels: plan.outputs };
  },
});

export const ircnn = residual("IRCNN", isIrcnn, true);
export const dncnn = residual("DnCNN", (plan) => plan.inputs === plan.outputs && !isIrcnn(plan), false);

/** denoised = net(noisy, sigma) */
export const fdncnn: Architecture = {
  name: "FDnCNN",
  isIn: (weights) => isPlain(weights, ({ inputs, outputs }) => inputs === outputs + 1 && [1, 3].includes(outputs)), // prettier-ignore
  write(net) {
    const plan = planOf(net.weights)!;
    const x = net.withLevel(net.images(plan.outputs), net.sigma());
    return { output: chain(net, x, plan), channels: plan.outputs };
  },
};

export const ffdnet: Architecture = {
  name: "FFDNet",
  isIn: (weights) => isPlain(weights, ({ inputs, outputs }) => inputs === outputs + 1 && [4, 12].includes(outputs)), // prettier-ignore
  write(net) {
    const plan = planOf(net.weights)!;
    const channels = plan.outputs / 4;
    const quarter = net.pixelUnshuffle(net.images(channels), 2, channels);
    const y = chain(net, net.withLevel(quarter, net.sigma()), plan);
    return { output: net.pixelShuffle(y, 2), channels };
  },
};
