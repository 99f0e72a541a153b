// Values between the nodes of a graph that runs: a tensor with the type it has in ONNX, and the order in which its axes lie in
// memory. And numbers that are known before anything runs: shapes, indices, constants.
//
// **Turning NCHW into NHWC.** ONNX's images are [batch, channels, height, width], this engine's [batch, height, width, channels].
// A value's `shape` is ONNX's, but its tensor may lie in memory in any order: tensor axis j is the value's axis order[j]. Each
// operator takes the order it needs by in(order) and says in which order its result lies. A convolution takes and gives
// channels last; functions of single elements keep the order they find; ONNX's Transpose changes the order's names and moves
// nothing. So numbers are moved where an operator truly needs another order than the one they lie in, once a value, and the
// transposes that a converter wrote into a graph cancel without ever being made.

import { UserError } from "../../base/errors.js";
import { sameShape, type Shape, show, sizeOf, stridesOf } from "../../base/shape.js";
import { withBackend } from "../../backend/current.js";
import { ReferenceBackend } from "../../backend/reference/reference-backend.js";
import type { Storage } from "../../backend/backend.js";
import { transpose } from "../../ops/move.js";
import { shaped } from "../../ops/reshape.js";
import { scope } from "../../tensor/scope.js";
import { noGrad } from "../../tensor/tape.js";
import { tensor, type Tensor } from "../../tensor/tensor.js";
import type { ElementType, Numbers } from "./element-types.js";
import type { HostArray } from "./tensors.js";

/** Tensor axis j is the value's axis order[j]. */
export type Order = readonly number[];

export const identity = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);

/** [0, 2, 3, 1] for images: the second axis last. */
export const channelsLast = (rank: number): number[] =>
  rank < 3 ? identity(rank) : [0, ...identity(rank).slice(2), 1];

interface Form {
  readonly order: Order;
  readonly tensor: Tensor;
}

export class Value {
  private readonly forms: Form[] = [];

  private constructor(
    readonly type: ElementType,
    /** ONNX's shape. */
    readonly shape: Shape,
    /** The numbers, row-major in that shape, where they are known before the graph runs. */
    readonly known: Numbers | undefined,
  ) {}

  /** A tensor of the current backend whose axis j is the value's axis order[j]. */
  static of(type: ElementType, t: Tensor, order: Order = identity(t.rank)): Value {
    const shape = order.map((_, axis) => t.shape[order.indexOf(axis)]);
    const value = new Value(type, shape, undefined);
    value.forms.push({ order, tensor: t });
    return value;
  }

  static known({ type, shape, data }: HostArray): Value {
    return new Value(type, shape, data);
  }

  get rank(): number {
    return this.shape.length;
  }
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The order in which it lies in memory, before anybody wants another. */
  get order(): Order {
    return this.forms[0]?.order ?? identity(this.rank);
  }

  /** In ONNX's order. */
  get tensor(): Tensor {
    return this.in(identity(this.rank));
  }

  /** With the axes in this order, moved only if it has not been before. */
  in(order: Order): Tensor {
    if (this.forms.length === 0)
      this.forms.push({ order: identity(this.rank), tensor: tensor(this.known!, this.shape) });
    const found = this.forms.find((form) => sameShape(form.order, order));
    if (found) return found.tensor;
    const home = this.forms[0];
    const moved = turned(
      home.tensor,
      order.map((axis) => home.order.indexOf(axis)),
    );
    this.forms.push({ order, tensor: moved });
    return moved;
  }

  /** Whether it lies in this order without being moved. */
  liesIn(order: Order): boolean {
    return this.forms.some((form) => sameShape(form.order, order));
  }

  /** The same numbers as another type. */
  as(type: ElementType): Value {
    if (type === this.type) return this;
    const value = new Value(type, this.shape, this.known);
    value.forms.push(...this.forms);
    return value;
  }

  /** ONNX's Transpose: axis i is this value's axis perm[i]. Nothing moves. */
  transposed(perm: readonly number[]): Value {
    if (this.known) {
      const data = permuted(this.known, this.shape, perm);
      return Value.known({ type: this.type, shape: perm.map((axis) => this.shape[axis]), data });
    }
    const { order, tensor: t } = this.forms[0];
    return Value.of(this.type, t, order.map((axis) => perm.indexOf(axis))); // prettier-ignore
  }

  /** Axes of 1 put in where the result has these indices. Nothing moves. */
  unsqueezed(axes: readonly number[]): Value {
    const rank = this.rank + axes.length;
    const kept = identity(rank).filter((axis) => !axes.includes(axis));
    const shape = identity(rank).map((axis) => (axes.includes(axis) ? 1 : this.shape[kept.indexOf(axis)]));
    if (this.known) return Value.known({ type: this.type, shape, data: this.known });
    const { order, tensor: t } = this.forms[0];
    const longer = [...order.map((axis) => kept[axis])];
    // An axis of 1 may stand anywhere; where the order is ONNX's it shall stay so.
    const target = sameShape(order, identity(this.rank)) ? identity(rank) : [...axes, ...longer];
    return Value.of(this.type, shaped(t, target.map((axis) => shape[axis])), target); // prettier-ignore
  }

  /** Without these axes, all of 1. Nothing moves. */
  squeezed(axes: readonly number[]): Value {
    const kept = identity(this.rank).filter((axis) => !axes.includes(axis));
    const shape = kept.map((axis) => this.shape[axis]);
    if (this.known) return Value.known({ type: this.type, shape, data: this.known });
    const { order, tensor: t } = this.forms[0];
    const shorter = order.filter((axis) => !axes.includes(axis)).map((axis) => kept.indexOf(axis));
    return Value.of(this.type, shaped(t, shorter.map((axis) => shape[axis])), shorter); // prettier-ignore
  }

  toString(): string {
    return `${this.type} ${show(this.shape)}`;
  }
}

/** Transposed, as a view where only axes of 1 change places. */
function turned(t: Tensor, perm: readonly number[]): Tensor {
  const long = perm.filter((axis) => t.shape[axis] !== 1);
  const stays = long.every((axis, i) => i === 0 || long[i - 1] < axis);
  return stays ? shaped(t, perm.map((axis) => t.shape[axis])) : transpose(t, perm); // prettier-ignore
}

function permuted(data: Numbers, shape: Shape, perm: readonly number[]): Numbers {
  const strides = stridesOf(shape);
  const [sizes, steps] = [perm.map((axis) => shape[axis]), perm.map((axis) => strides[axis])];
  const result = data.slice();
  const index = sizes.map(() => 0);
  for (let i = 0, from = 0; i < result.length; i++) {
    result[i] = data[from];
    for (let d = sizes.length - 1; d >= 0; d--) {
      from += steps[d];
      if (++index[d] < sizes[d]) break;
      from -= steps[d] * sizes[d];
      index[d] = 0;
    }
  }
  return result;
}

/** More numbers than any shape, index or folded weight has; what a lying file asks for ends here. */
const MOST_KNOWN = 2 ** 27;

/** Known values are computed by the same code as all others, on the plain loops in float64: whole numbers are exact to 2^53. */
class HostBackend extends ReferenceBackend {
  constructor() {
    super({ precision: "float64" });
  }
  override allocate(length: number): Storage {
    if (length > MOST_KNOWN)
      throw new UserError(`it would make ${length} numbers before anything runs, more than ${MOST_KNOWN}.`);
    return super.allocate(length);
  }
}
let hostBackend: HostBackend | undefined;

/** Runs `body` where values are computed at once, and gives its results as known ones. */
export const onHost = (body: () => readonly Value[]): Value[] =>
  withBackend((hostBackend ??= new HostBackend()), () =>
    noGrad(() => {
      using _inner = scope();
      return body().map((value) => {
        if (value.known) return value;
        const t = value.tensor;
        return Value.known({ type: value.type, shape: value.shape, data: t.peek(t.size) as Numbers });
      });
    }),
  );
