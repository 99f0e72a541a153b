// Networks of others from files, for pictures: what was found out about one is kept in a JSON file beside it, network.onnx.json, which
// may be corrected by hand; it counts as long as the network's file is the same.

import { createHash } from "node:crypto";
import fs from "node:fs";
import { UserError } from "../base/errors.js";
import { readFileBytes, writeFileAtomic } from "../formats/files.js";
import type { FoundNetwork } from "../formats/networks/index.js";
import { type ImageUse, OnnxNetwork, soundUse } from "../models/onnx-network.js";
import { loadOnnx } from "../models/onnx-model.js";
import { foundIn, isStateFile, loadOthers } from "../models/others-node.js";
import { type ImageUseHints, Probe } from "./probe.js";

const noteOf = (file: string): string => `${file}.json`;

/**
 * Reads a network and finds out how it is used on pictures, unless the file beside it says so.
 * @param hints what the user says of it, which comes first
 * @param say is told what was found out, and where it is kept
 * @throws UserError for a network that is none of pictures
 */
export async function readNetworkOfOthers(
  file: string,
  hints: ImageUseHints = {},
  say: (text: string) => void = () => undefined,
): Promise<OnnxNetwork> {
  const found = isStateFile(file) ? foundIn(file) : undefined;
  const network = await (found ? loadOnnx(found.bytes) : loadOthers(file));
  const digest = createHash("sha256").update(readFileBytes(file, "a network")).digest("hex");
  try {
    const known = readNote(file, digest);
    const isSaid = Object.keys(hints).length > 0;
    if (known && !isSaid) return new OnnxNetwork(network, known);
    const use = await new Probe(network).use({ ...(found && inherent(found)), ...known, ...hints });
    say(`${file}: ${describeUse(use)}; kept in ${noteOf(file)}`);
    writeNote(file, digest, use, say);
    return new OnnxNetwork(network, use);
  } catch (error) {
    network.dispose();
    if (error instanceof UserError && !error.message.startsWith(file))
      throw new UserError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** What is known of a network that was found by its tensors' names: all of them take white as 1. */
const inherent = ({ isWhole }: FoundNetwork): ImageUseHints => ({
  range: 1,
  ...(isWhole && { receptiveRadius: null }),
});

/** In words, for the user. */
export function describeUse({
  range,
  order,
  channels,
  sigma,
  scale,
  alignment,
  receptiveRadius,
}: ImageUse): string {
  return [
    channels === 1 ? "grey pictures" : `${order.toUpperCase()} pictures`,
    `white is ${range}`,
    ...(sigma === "none" ? [] : [`the noise level as ${sigma === "input" ? "an input" : "a channel"}`]),
    ...(scale === 1 ? [] : [`${scale} times as large`]),
    `alignment ${alignment}`,
    receptiveRadius === null ? "every pixel sees all others" : `a pixel sees ${receptiveRadius} around it`,
  ].join(", ");
}

function readNote(file: string, digest: string): ImageUse | undefined {
  const note = noteOf(file);
  if (!fs.existsSync(note)) return undefined;
  const fail = (what: string): never => {
    throw new UserError(`${note} ${what}; correct it, or delete it to have the network tried again.`);
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(readFileBytes(note, "a description")));
  } catch (error) {
    if (error instanceof UserError) throw error;
    return fail("is no JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return fail("holds no object");
  const { sha256, ...use } = parsed as ImageUse & { sha256?: unknown };
  if (sha256 !== digest) return undefined; // another network by now
  return soundUse(use) ?? fail("has an entry that cannot be");
}

/** A folder that cannot be written to only means that the next run tries again. */
function writeNote(file: string, sha256: string, use: ImageUse, say: (text: string) => void): void {
  try {
    writeFileAtomic(noteOf(file), `${JSON.stringify({ ...use, sha256 }, undefined, 2)}\n`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`  ${error.message}`);
  }
}
