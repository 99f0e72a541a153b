// Networks from their tensors alone: which one it is follows from the tensors' names, how large it is from their shapes, as the
// project spandrel does. What comes out is a file of ONNX.

import { UserError } from "../../base/errors.js";
import type { Weights } from "../pytorch.js";
import type { Architecture } from "./architecture.js";
import { compact, ecbsr } from "./compact.js";
import { drunet } from "./drunet.js";
import { nafnet } from "./nafnet.js";
import { dncnn, fdncnn, ffdnet, ircnn } from "./plain.js";
import { rlfn } from "./rlfn.js";
import { rrdb } from "./rrdb.js";
import { safmn } from "./safmn.js";
import { scunet } from "./scunet.js";
import { span } from "./span.js";
import { StateDict } from "./state-dict.js";
import { NetworkWriter } from "./writer.js";

/** Those that are known, by the names of their tensors. */
const architectures: readonly Architecture[] = [
  ...[dncnn, ircnn, fdncnn, ffdnet, drunet, compact, ecbsr, rrdb, span, rlfn, safmn, nafnet, scunet],
];

/** A network that was found in a file of tensors. */
export interface FoundNetwork {
  readonly architecture: string;
  readonly isWhole: boolean;
  /** A file of ONNX. */
  readonly bytes: Uint8Array;
}

/**
 * The network that tensors of PyTorch belong to.
 * @param source what to call the file in messages
 * @throws UserError where no network has these names, and with all tensors that do not fit the one that has
 */
export function networkOf(tensors: ReadonlyMap<string, Weights>, source: string): FoundNetwork {
  const weights = new StateDict(tensors, source);
  const found = architectures.find((architecture) => architecture.isIn(weights));
  if (!found)
    throw new UserError(
      `${source} holds the tensors of no network that is known here (${weights.names.slice(0, 3).join(", ")}, ...), which are ${architectures.map(({ name }) => name).join(", ")}; export it as ONNX.`,
    );
  const net = new NetworkWriter(weights);
  const { output, channels } = found.write(net);
  weights.finish(found.name);
  return { architecture: found.name, isWhole: found.isWhole ?? false, bytes: net.bytes(output, channels) };
}
