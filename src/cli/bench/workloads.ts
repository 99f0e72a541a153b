// The workloads that every backend and every rival runs under the same names (see design: commands and their contract).
// A workload prepares its data once and is then run again and again; how often and how it is timed is measure.ts.

import type { Backend, KernelCall, Operand } from "../../backend/backend.js";
import { type Attributes, type KernelName, kernels, sizeOf } from "../../backend/kernels.js";
import { RandomStream } from "../../base/random-stream.js";
import { ConvAutoencoder, DenseAutoencoder, DnCNN, type ImageModel, UNet } from "../../models/index.js";
import { type Loss, meanAbsoluteError, meanSquaredError } from "../../nn/index.js";
import { Adam } from "../../optim/index.js";
import { record, type Recorded } from "../../tensor/record.js";
import { tensor, type Tensor } from "../../tensor/tensor.js";
import { TrainingStep } from "../../train/training-step.js";

export interface Prepared {
  run(): Promise<unknown>;
  /** Operations of one run, for GFLOP/s and the share of the peak; a direct convolution's, whatever the algorithm. */
  readonly flops: number;
  /** The recorded program, for workloads that are one. */
  program?(): Recorded<Record<string, Tensor>>["program"];
  dispose(): void;
}

export interface Workload {
  readonly name: string;
  /** What is quoted: the rate of one kernel, or the time of a step. */
  readonly unit: "GFLOP/s" | "ms";
  prepare(backend: Backend, variant?: string): Prepared;
}

/** A single kernel call on random operands. */
export function kernelWorkload<K extends KernelName>(
  name: string,
  kernel: K,
  inputs: readonly (readonly number[])[],
  output: readonly number[],
  attributes: Attributes[K],
): Workload & { callOf(backend: Backend): KernelCall } {
  const callOf = (backend: Backend): KernelCall => {
    const stream = new RandomStream(1, 0);
    const random = (shape: readonly number[]): Operand => {
      const storage = backend.allocate(sizeOf(shape));
      backend.write(
        storage,
        Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform() - 0.5),
      );
      return { storage, shape };
    };
    const out = { storage: backend.allocate(sizeOf(output)), shape: output };
    return { kernel, inputs: inputs.map(random), outputs: [out], attributes } as KernelCall;
  };
  return {
    name,
    unit: "GFLOP/s",
    callOf,
    prepare(backend, variant) {
      const call = { ...callOf(backend), variant };
      return {
        flops: (kernels[kernel].flops as (call: KernelCall) => number)(call),
        run: () => (backend.run(call), backend.finish()),
        dispose: () => [...call.inputs, ...call.outputs].forEach((o) => backend.release(o.storage)),
      };
    },
  };
}

const sgemms = [256, 512, 1024, 2048].map(
  (n) =>
  kernelWorkload(`sgemm-${n}`, "matmul", [[1, n, n], [1, n, n]], [1, n, n], {}), // prettier-ignore
);

/** conv-{fwd,dx,dw}-BATCHxINxOUT-3x3[-s2]-64px, as in the name. */
function convolutions(tag: string, n: number, ci: number, co: number, stride: number): Workload[] {
  const size = 64 / stride;
  const [x, w, y] = [[n, 64, 64, ci], [3, 3, ci, co], [n, size, size, co]]; // prettier-ignore
  const geometry = { strides: [stride, stride], padding: [1, 1], dilation: [1, 1], groups: 1 } as const;
  return [
    kernelWorkload(`conv-fwd-${tag}`, "conv2d", [x, w, [co]], y, { ...geometry, epilogue: { bias: true } }),
    kernelWorkload(`conv-dx-${tag}`, "conv2dInputGrad", [y, w], x, geometry),
    kernelWorkload(`conv-dw-${tag}`, "conv2dWeightGrad", [x, y], w, geometry),
  ];
}

/** Forward, backward and Adam on a fixed batch; the loss is read each step. */
function trainingStep(
  name: string,
  model: () => ImageModel,
  loss: Loss,
  shape: readonly number[],
  eager = false,
): Workload {
  return {
    name,
    unit: "ms",
    prepare() {
      const net = model();
      net.build(net.takesSigma ? [shape, [shape[0]]] : shape);
      const stream = new RandomStream(2, 0);
      const target = Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform());
      const noisy = target.map((v) => v + 0.1 * stream.normal());
      const inputs = net.takesSigma ? [noisy, new Float32Array(shape[0]).fill(25 / 255)] : [noisy];
      const inputShapes = net.takesSigma ? [shape, [shape[0]]] : [shape];
      const data = { inputShapes, targetShape: shape, stepsPerEpoch: 1, batch: () => ({ inputs, target }) };
      const optimizer = new Adam(1e-3);
      const step = new TrainingStep(net, data, loss, optimizer, eager);
      step.prepare(0, data.batch());
      let count = 0;
      const program = () => step.program();
      return {
        run: () => (optimizer.beginStep(count++), step.run()),
        flops: programFlops(program()),
        program,
        dispose: () => [step, net, optimizer].forEach((owner) => owner.dispose()),
      };
    },
  };
}

/** One image through a model whose weights stay as they are. */
function inference(name: string, model: () => ImageModel, size: number): Workload {
  return {
    name,
    unit: "ms",
    prepare() {
      const net = model();
      const shape = [1, size, size, 1];
      net.build(net.takesSigma ? [shape, [1]] : shape);
      const stream = new RandomStream(3, 0);
      const x = tensor(Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform()), shape); // prettier-ignore
      const sigma = tensor([25 / 255]);
      const recorded = record(() => ({ y: net.restore(x, sigma) }), {
        frozen: [...net.parameters().values()],
      });
      return {
        run: () => recorded.run(),
        flops: programFlops(recorded.program),
        program: () => recorded.program,
        dispose: () => [recorded, net, x, sigma].forEach((owner) => owner.dispose()),
      };
    },
  };
}

const programFlops = (program: { readonly calls: readonly KernelCall[] }): number =>
  program.calls.reduce(
    (total, call) => total + (kernels[call.kernel].flops as (c: KernelCall) => number)(call),
    0,
  );

const dense = () => new DenseAutoencoder();

export const workloads: readonly Workload[] = [
  ...sgemms,
  ...convolutions("8x64x64-3x3-64px", 8, 64, 64, 1),
  ...convolutions("16x1x32-3x3-64px", 16, 1, 32, 1),
  ...convolutions("16x32x64-3x3-s2-64px", 16, 32, 64, 2),
  trainingStep("train-step-conv-ae-16x64px", () => new ConvAutoencoder(), meanSquaredError, [16, 64, 64, 1]),
  trainingStep("train-step-dense-ae-128x784", dense, meanSquaredError, [128, 28, 28, 1]),
  trainingStep("train-step-unet-16x64px", () => new UNet(), meanAbsoluteError, [16, 64, 64, 1]),
  inference("infer-dncnn17-256px", () => new DnCNN(), 256),
  inference("infer-unet-512px", () => new UNet(), 512),
  inference("infer-conv-ae-512px", () => new ConvAutoencoder(), 512),
];
