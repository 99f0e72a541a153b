// Networks of ONNX: what is refused, and in which words; orders of axes; training on.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import "../../../src/models/host-node.js";
import { UserError } from "../../../src/base/errors.js";
import { modelTable } from "../../../src/formats/onnx/messages.js";
import { writeMessage } from "../../../src/formats/onnx/wire.js";
import { loadOnnx } from "../../../src/models/onnx-model.js";
import { mean, square, sub } from "../../../src/ops/index.js";
import { record } from "../../../src/tensor/record.js";
import { tensor } from "../../../src/tensor/tensor.js";

type Json = Record<string, unknown>;
const floats = (name: string, dims: number[], data: number[]): Json => ({
  name,
  dims,
  dataType: 1,
  floatData: data,
});
const value = (name: string, dims: (number | string)[], elemType = 1): Json => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((n) => (typeof n === "number" ? { value: n } : { param: n })) },
    },
  },
});
const node = (opType: string, input: string[], output: string[], attribute: Json[] = []): Json => ({
  opType,
  input,
  output,
  attribute,
});
const ints = (name: string, list: number[]): Json => ({ name, ints: list, type: 7 });

const graphOf = (nodes: Json[], changes: Json = {}, opset = 17): Uint8Array =>
  writeMessage(
    {
      irVersion: 8,
      opsetImport: [{ domain: "", version: opset }],
      graph: {
        node: nodes,
        name: "g",
        initializer: [],
        input: [value("x", [1, 2, "h", "w"])],
        output: [value("y", [1, 2, "h", "w"])],
        ...changes,
      },
    },
    modelTable,
  );

/** x -> Conv (2 to 2 channels, 3 x 3) -> Relu -> y */
const kernel = Array.from({ length: 36 }, (_, i) => Math.sin(i + 1) / 4);
const small = graphOf(
  [node("Conv", ["x", "w", "b"], ["c"], [ints("pads", [1, 1, 1, 1])]), node("Relu", ["c"], ["y"])],
  { initializer: [floats("w", [2, 2, 3, 3], kernel), floats("b", [2], [0.1, -0.1])] },
);

async function messageOf(bytes: Uint8Array | string): Promise<string> {
  const error: unknown = await loadOnnx(bytes).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as Error).message;
}

describe("an ONNX network", () => {
  const pixels = Float32Array.from({ length: 2 * 4 * 5 }, (_, i) => Math.cos(i));

  it("takes and gives images channels first by run, channels last by call", async () => {
    const model = await loadOnnx(small);
    expect(model.inputs).toEqual([{ name: "x", type: "float", shape: [1, 2, "h", "w"] }]);
    const { y } = await model.run({ x: tensor(pixels, [1, 2, 4, 5]) });
    expect(y.shape).toEqual([1, 2, 4, 5]);
    const last = Float32Array.from(pixels, (_, i) => pixels[(i % 2) * 20 + Math.floor(i / 2)]);
    const z = model.call(tensor(last, [1, 4, 5, 2]));
    if (!("shape" in z)) throw new Error("one output");
    const [first, second] = [await y.data(), await z.data()];
    expect(Array.from(second)).toEqual(Array.from(second, (_, i) => first[(i % 2) * 20 + Math.floor(i / 2)]));
  });

  it("moves its images once in and once out, whatever lies between", async () => {
    const perm = (list: number[]) => [ints("perm", list)];
    const model = await loadOnnx(
      graphOf(
        [
          node("Transpose", ["x"], ["a"], perm([0, 2, 3, 1])),
          node("Relu", ["a"], ["b"]),
          node("Transpose", ["b"], ["c"], perm([0, 3, 1, 2])),
          node("Conv", ["c", "w"], ["d"], [ints("pads", [1, 1, 1, 1])]),
          node("Add", ["d", "x"], ["y"]),
        ],
        { initializer: [floats("w", [2, 2, 3, 3], kernel)] },
      ),
    );
    const x = tensor(pixels, [1, 4, 5, 2]);
    const recorded = record(() => ({ y: model.call(x) as typeof x }));
    expect(recorded.program.calls.map(({ kernel }) => kernel).filter((name) => name === "copy")).toEqual([]);
    recorded.dispose();
  });

  it("is trained on", async () => {
    const model = await loadOnnx(small);
    expect([...model.parameters().keys()]).toEqual(["w", "b"]);
    const x = tensor(Float32Array.from(pixels, Math.abs), [1, 4, 5, 2]);
    const lossOf = () => mean(square(sub(model.call(x) as typeof x, 0.5)));
    const loss = lossOf();
    loss.backward();
    for (const p of model.parameters().values()) {
      const [values, slopes] = [await p.data(), await p.grad!.data()];
      p.write(values.map((v, i) => v - 0.05 * slopes[i]));
    }
    expect(await lossOf().item()).toBeLessThan(await loss.item());
  });

  it("has what depends on constants alone computed once", async () => {
    const model = await loadOnnx(
      graphOf([node("Mul", ["w", "two"], ["v"]), node("Add", ["x", "v"], ["y"])], {
        initializer: [floats("w", [2, 1, 1], [1, 2]), floats("two", [], [2])],
      }),
    );
    expect([...model.parameters()].map(([name, p]) => [name, p.shape])).toEqual([["v", [2, 1, 1]]]);
  });
});

describe("an ONNX file that is not sound", () => {
  it("is told from other files", async () => {
    expect(await messageOf(new TextEncoder().encode("{}"))).toMatch(/not a sound ONNX file/);
    expect(await messageOf(new Uint8Array())).toBe("The ONNX model: it holds no graph, so it is no ONNX model; check the file."); // prettier-ignore
  });

  it("is refused wherever it is cut off", async () => {
    for (let n = 1; n < small.length; n++) {
      const error: unknown = await loadOnnx(small.subarray(0, n)).catch((thrown: unknown) => thrown);
      if (error instanceof Error) expect(error).toBeInstanceOf(UserError);
    }
  });

  it("has all its unknown operators named at once", async () => {
    const nodes = [
      node("NonMaxSuppression", ["x"], ["a"]),
      node("Loop", ["a"], ["b"]),
      node("Loop", ["b"], ["y"]),
    ];
    expect(await messageOf(graphOf(nodes))).toBe(
      "The ONNX model needs operators that are not here: NonMaxSuppression, Loop (2 times); export the network without them.",
    );
  });

  it.each([
    ["a circle", graphOf([node("Relu", ["y"], ["a"]), node("Relu", ["a"], ["y"])]), /made of itself, in a circle/],
    ["a value from nowhere", graphOf([node("Relu", ["z"], ["y"])]), /needs the value "z", which nothing makes/],
    ["a value made twice", graphOf([node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])]), /"y" is made twice/],
    ["an old opset", graphOf([node("Relu", ["x"], ["y"])], {}, 6), /opset 6, and 7 to 28 are read/],
    ["strings", graphOf([node("Relu", ["x"], ["y"])], { input: [value("x", [1], 8)] }), /element type string/],
    ["a tensor too short", graphOf([node("Add", ["x", "w"], ["y"])], { initializer: [floats("w", [3], [1, 2])] }), /needs 12 bytes and has 2 numbers/],
    ["a shape beyond all memory", graphOf([node("Add", ["x", "w"], ["y"])], { initializer: [floats("w", [2 ** 30, 2 ** 30, 2 ** 30], [])] }), /more than can be held/],
    ["a negative size", graphOf([node("Add", ["x", "w"], ["y"])], { initializer: [floats("w", [-2, 3], [])] }), /which is none/],
    ["numbers without end", graphOf([node("Expand", ["one", "s"], ["e"]), node("Add", ["x", "e"], ["y"])], { initializer: [floats("one", [1], [1]), { name: "s", dims: [2], dataType: 7, int64Data: [60000, 60000] }] }), /would have the shape|more than/],
    ["an input left out", graphOf([node("Expand", ["w"], ["e"]), node("Add", ["x", "e"], ["y"])], { initializer: [floats("w", [1], [1])] }), /its input 1 is missing/],
    ["an unknown domain", writeMessage({ opsetImport: [{ domain: "", version: 17 }], graph: { node: [{ opType: "Swish", domain: "com.acme", input: ["x"], output: ["y"] }], input: [value("x", [1])], output: [value("y", [1])] } }, modelTable), /operator set "com.acme"/],
  ])("is refused with %s", async (_what, bytes, message) => {
    expect(await messageOf(bytes)).toMatch(message);
  }); // prettier-ignore

  it("is refused when a shape does not fit while it runs", async () => {
    const model = await loadOnnx(small);
    await expect(model.run({ x: tensor(new Float32Array(12), [1, 3, 2, 2]) })).rejects.toThrow(
      'The ONNX model: its input "x" is [1, 2, h, w], not [1, 3, 2, 2].',
    );
    await expect(model.run({})).rejects.toThrow('needs a tensor for its input "x"');
  });
});

describe("tensors in files beside the model", () => {
  const external = (location: string): Uint8Array =>
    graphOf([node("Add", ["x", "w"], ["y"])], {
      initializer: [
        {
          name: "w",
          dims: [2, 1, 1],
          dataType: 1,
          dataLocation: 1,
          externalData: [
            { key: "location", value: location },
            { key: "offset", value: "4" },
            { key: "length", value: "8" },
          ],
        },
      ],
    });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-onnx-"));
  const write = (name: string, bytes: Uint8Array) => {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
    return file;
  };
  write("secret.bin", new Uint8Array(12));
  write("in/weights.bin", new Uint8Array(Float32Array.from([0, 1, 2]).buffer));

  it("are read", async () => {
    const model = await loadOnnx(write("in/m.onnx", external("weights.bin")));
    const { y } = await model.run({ x: tensor([1, 1], [1, 2, 1, 1]) });
    expect(Array.from(await y.data())).toEqual([2, 3]);
  });

  it("are refused outside its folder, by a path or a link", async () => {
    fs.rmSync(path.join(folder, "in/link.bin"), { force: true });
    fs.symlinkSync("../secret.bin", path.join(folder, "in/link.bin"));
    for (const name of ["../secret.bin", path.join(folder, "secret.bin"), "link.bin"])
      expect(await messageOf(write("in/m.onnx", external(name)))).toMatch(/outside its own folder/);
    expect(await messageOf(external("weights.bin"))).toMatch(/load the model by its path/);
    expect(await messageOf(write("in/m.onnx", external("none.bin")))).toMatch(/no such file/);
  });
});
