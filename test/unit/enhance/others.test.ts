// Networks of others from files: known by their tensors' names, used on pictures, made again from a checkpoint's options.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Shelf } from "../../../src/enhance/shelf-node.js";
import { readNetworkOfOthers } from "../../../src/enhance/others-node.js";
import { GraphBuilder, modelBytes } from "../../../src/formats/onnx/export/builder.js";
import { skeletonOf } from "../../../src/formats/onnx/skeleton.js";
import { readSafetensors, writeSafetensors } from "../../../src/formats/safetensors.js";
import type { Weights } from "../../../src/formats/pytorch.js";
import { createModel, loadWeights } from "../../../src/models/index.js";
import { OnnxNetwork } from "../../../src/models/onnx-network.js";
import { isOfOthers, onnxBytesOf } from "../../../src/models/others-node.js";
import { readTensors, weightsOf } from "../../../src/nn/weights.js";
import { tensor, type Tensor, useBackend } from "../../../src/index.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-others-"));
const golden = path.join(import.meta.dirname, "../../golden/networks.safetensors");
const all = readSafetensors(new Uint8Array(fs.readFileSync(golden)), golden).tensors as ReadonlyMap<
  string,
  Weights
>;

/** One of the golden networks as a file. */
function fileOf(name: string): string {
  const own = [...all].filter(([key]) => key.startsWith(`${name}/`));
  const file = path.join(folder, `${name}.safetensors`);
  fs.writeFileSync(file, writeSafetensors(new Map(own.map(([key, t]) => [key.slice(name.length + 1), t]))));
  return file;
}

describe("networks of others", () => {
  beforeAll(async () => {
    await useBackend("reference");
  });
  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("are known by the file", () => {
    expect(isOfOthers(fileOf("dncnn"))).toBe(true);
    expect(["a.onnx", "a.pth", "a.pt", "a.keras", "a.h5"].map(isOfOthers)).not.toContain(false);
    expect(["a.safetensors", "photo", "runs/mine"].map(isOfOthers)).toEqual([false, false, false]);
  });

  it("are used on pictures as they are meant", async () => {
    const { use } = await readNetworkOfOthers(fileOf("compact"));
    expect(use).toMatchObject({ range: 1, channels: 3, scale: 2, alignment: 1, receptiveRadius: 4 });
    const { use: whole } = await readNetworkOfOthers(fileOf("rlfn"));
    expect(whole.receptiveRadius).toBeNull();
    const shelf = new Shelf();
    await shelf.prepare(fileOf("ffdnet-grey"));
    expect(shelf.get(fileOf("ffdnet-grey")).model).toMatchObject({
      takesSigma: true,
      channels: 1,
      alignment: 2,
    });
    shelf.dispose();
  });

  it("come back from a checkpoint's options and tensors", async () => {
    const file = fileOf("dncnn");
    const { network, use } = await readNetworkOfOthers(file);
    const skeleton = skeletonOf(onnxBytesOf(file), file);
    expect(skeleton.length).toBeLessThan(0.5 * onnxBytesOf(file).length);
    const first = new OnnxNetwork(network, use, Buffer.from(skeleton).toString("base64"));
    const again = createModel(JSON.parse(JSON.stringify(first.config)));
    const x = tensor(
      Float32Array.from({ length: 64 }, (_, i) => ((i * 7) % 64) / 64),
      [1, 8, 8, 1],
    );
    expect(await (again.call(x) as Tensor).data()).not.toEqual(await (first.call(x) as Tensor).data());
    loadWeights(again, await readTensors(weightsOf(first)), "a checkpoint");
    expect(await (again.call(x) as Tensor).data()).toEqual(await (first.call(x) as Tensor).data());
    expect(() => createModel({ architecture: "onnx" })).toThrow(/made from a file/);
  });

  it("take 0 to 255 where they begin with 1/255", async () => {
    const useOf = async (write: (graph: GraphBuilder) => string) => {
      const graph = new GraphBuilder();
      const shape = ["n", 3, "h", "w"];
      const y = write(graph);
      const file = path.join(folder, `${graph.nodes.length}-${y}.onnx`);
      fs.writeFileSync(file, modelBytes(graph, [{ name: "x", shape }], [{ name: y, shape }]));
      return (await readNetworkOfOthers(file)).use;
    };
    const times = (graph: GraphBuilder, x: string, by: number) => graph.node("Mul", [x, graph.floats([by])]);
    expect(await useOf((graph) => times(graph, times(graph, "x", 1 / 255), 255))).toMatchObject({
      range: 255,
    });
    expect(
      await useOf((graph) => {
        const divided = graph.node("Div", [
          graph.node("Transpose", ["x"], { perm: [0, 2, 3, 1] }),
          graph.floats([255]),
        ]);
        return graph.node("Transpose", [times(graph, divided, 255)], { perm: [0, 3, 1, 2] });
      }),
    ).toMatchObject({ range: 255 });
    // Two ways from the input, of which one is not scaled.
    expect(
      await useOf((graph) =>
        graph.node("Add", [times(graph, times(graph, "x", 1 / 255), 255 * 0.5), times(graph, "x", 0.5)]),
      ),
    ).toMatchObject({ range: 1 });
    expect(await useOf((graph) => graph.node("Relu", ["x"]))).toMatchObject({ range: 1 });
  });
});
