// trace(): one pass forward and one back through a model, eagerly, and everything that happened: which operation in which layer,
// its numbers, the gradient that arrived there, what its rule read, which kernels ran for it, and the chain rule at one element.

import type { KernelCall, Storage } from "../../backend/backend.js";
import { currentBackend, withBackend } from "../../backend/current.js";
import { UserError } from "../../base/errors.js";
import { type AnyLayer, observeLayers } from "../../nn/layer.js";
import { listOf } from "../../nn/symbolic.js";
import { lasting, scope } from "../../tensor/scope.js";
import { sizeOf } from "../../tensor/shape.js";
import { grad, noGrad, observeTape, tape, type TapeNode } from "../../tensor/tape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { rulesOf } from "./rules.js";
import { lossOf, type Subject } from "./subject.js";
import type { Kept, KernelRun, LayerCall, Ref, Trace, TraceLeaf, TraceNode } from "./types.js";
import { watchedBackend } from "./watched-backend.js";

/** A node while it is traced. */
interface Made {
  readonly node: TapeNode;
  readonly call: number | undefined;
  readonly forward: KernelRun[];
  readonly backward: KernelRun[];
  readonly kept: Map<Storage, Kept>;
  gradient: Tensor | undefined;
}

/**
 * Runs a subject once forward and once back on the current backend.
 * @throws nothing for a mistake in the model: the trace then ends there, with `failure`
 */
export async function trace(subject: Subject): Promise<Trace> {
  using _all = scope();
  subject.inputs.forEach((x) => (x.requiresGrad = true)); // so that what is done to them is on the tape, too
  warmUp(subject);
  const recording = new Recording(subject);
  const loss = recording.forward();
  if (loss) recording.backward(loss);
  try {
    return await recording.told(loss);
  } finally {
    recording.dispose();
  }
}

/** The first run of a kernel makes ready what the others find: its time would mislead. */
function warmUp(subject: Subject): void {
  if (currentBackend().name === "reference") return;
  try {
    noGrad(() => scope(() => void lossOf(subject)));
  } catch {
    // Told by the run that is traced.
  }
}

class Recording {
  private made: Made[] = [];
  private readonly calls: LayerCall[] = [];
  private readonly open: number[] = [];
  private readonly leaves: Tensor[] = [];
  private readonly gradients = new Map<Tensor, Tensor>();
  /** Storages that the forward pass read or wrote, and whose they are. */
  private readonly known = new Map<Storage, Ref | undefined>();
  private waiting: KernelRun[] = [];
  private walked: Made | undefined;
  private failure: Trace["failure"];
  private readonly paths: ReadonlyMap<AnyLayer, string>;
  private readonly backend = currentBackend();

  constructor(private readonly subject: Subject) {
    this.paths = new Map([...subject.model.layersByPath()].map(([path, layer]) => [layer, path]));
  }

  forward(): Tensor | undefined {
    const seen = (call: KernelCall, run: KernelRun) => {
      this.waiting.push(run);
      for (const { storage } of call.outputs)
        if (!this.known.has(storage)) this.known.set(storage, undefined);
    };
    const body = () => observeTape({ made: (node) => this.add(node) }, () => lossOf(this.subject));
    try {
      return withBackend(watchedBackend(this.backend, seen), () =>
        observeLayers((layer, forward, input) => this.inLayer(layer, forward, listOf<Tensor>(input)), body),
      );
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.failure ??= { message: error.message, call: undefined };
      if (!(error instanceof UserError)) this.failure = { ...this.failure, message: String(error) };
      return undefined;
    }
  }

  backward(loss: Tensor): void {
    const onTape = new Set(tape(loss));
    this.made = this.made.filter(({ node }) => onTape.has(node)); // beside it: what the loss does not depend on
    // A reshape shares its input's storage: the first one is told.
    for (const [i, { node }] of [...this.made.entries()].reverse())
      this.known.set(node.output.shared.storage, { node: i });
    this.leaves.forEach((leaf, i) => this.known.set(leaf.shared.storage, { leaf: i }));
    const byNode = new Map(this.made.map((made) => [made.node, made]));
    const seen = (call: KernelCall, run: KernelRun) => {
      this.walked?.backward.push(run);
      for (const operand of call.inputs) {
        if (!this.walked || !this.known.has(operand.storage)) continue;
        const bytes = sizeOf(operand.shape) * this.bytesPerElement;
        const ref = this.known.get(operand.storage);
        this.walked.kept.set(operand.storage, { ref, shape: operand.shape, bytes });
      }
    };
    const watch = {
      arrived: (node: TapeNode, dy: Tensor) => {
        this.walked = byNode.get(node);
        if (this.walked) this.walked.gradient = lasting(dy.detach());
      },
    };
    const needed = this.leaves.filter((leaf) => leaf.requiresGrad);
    const found = withBackend(watchedBackend(this.backend, seen), () =>
      observeTape(watch, () => grad(loss, needed)),
    );
    needed.forEach((leaf, i) => this.gradients.set(leaf, found[i]));
  }

  async told(loss: Tensor | undefined): Promise<Trace> {
    const { model, title, loss: lossFunction } = this.subject;
    const refs = new Map<Tensor, Ref>();
    this.made.forEach(({ node }, i) => refs.set(node.output, { node: i }));
    this.leaves.forEach((leaf, i) => refs.set(leaf, { leaf: i }));
    const nodes: TraceNode[] = [];
    for (const { node, call, forward, backward, kept, gradient } of this.made)
      nodes.push({
        ...{ operation: node.operation, call, forward, backward, kept: [...kept.values()] },
        shape: node.output.shape,
        inputs: node.inputs.flatMap((x) => refs.get(x) ?? []),
        values: await node.output.data(),
        gradient: await gradient?.data(),
        rules: gradient ? await rulesOf(node, gradient) : [],
        ruleText: node.rule.toString(),
      });
    const leaves: TraceLeaf[] = [];
    for (const leaf of this.leaves)
      leaves.push({
        ...this.described(leaf),
        shape: leaf.shape,
        values: await leaf.data(),
        gradient: await this.gradients.get(leaf)?.data(),
      });
    return {
      ...{ title: title || model.constructor.name, backend: this.backend.name, nodes, leaves },
      ...{ bytesPerElement: this.bytesPerElement, calls: this.calls, failure: this.failure },
      lossName: lossFunction.name || "loss",
      loss: await loss?.item(),
    };
  }

  dispose(): void {
    for (const { gradient } of this.made) gradient?.dispose();
  }

  private get bytesPerElement(): number {
    return this.backend.precision === "float64" ? 8 : 4;
  }

  private add(node: TapeNode): void {
    for (const x of node.inputs) if (!x.node && !this.leaves.includes(x)) this.leaves.push(x);
    this.made.push({
      ...{ node, call: this.open.at(-1), forward: this.waiting, backward: [], kept: new Map() },
      gradient: undefined,
    });
    this.waiting = [];
  }

  private inLayer<T extends Tensor | readonly Tensor[]>(
    layer: AnyLayer,
    forward: () => T,
    inputs: readonly Tensor[],
  ): T {
    const call: LayerCall = {
      path: this.paths.get(layer) ?? layer.name ?? "",
      type: layer.constructor.name,
      parent: this.open.at(-1),
      inputs: inputs.map((x) => x.shape),
      output: undefined,
    };
    this.open.push(this.calls.push(call) - 1);
    try {
      const y = forward();
      call.output = listOf<Tensor>(y)[0].shape;
      return y;
    } catch (error) {
      this.failure ??= { message: (error as Error).message, call: this.open.at(-1) };
      throw error;
    } finally {
      this.open.pop();
    }
  }

  private described(leaf: Tensor): Pick<TraceLeaf, "kind" | "name"> {
    const { inputs, targets } = this.subject;
    const numbered = (name: string, list: readonly Tensor[]) =>
      list.length === 1 ? name : `${name} ${list.indexOf(leaf)}`;
    if (inputs.includes(leaf)) return { kind: "input", name: leaf.name ?? numbered("input", inputs) };
    if (targets.includes(leaf)) return { kind: "target", name: leaf.name ?? numbered("target", targets) };
    return leaf.requiresGrad
      ? { kind: "parameter", name: leaf.name ?? "parameter" }
      : { kind: "constant", name: leaf.name ?? "constant" };
  }
}
