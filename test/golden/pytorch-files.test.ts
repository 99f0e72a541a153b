// Files as torch.save writes them, made by Python's pickle (make_pytorch_files.py): what they hold, and what is refused.

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.js";
import { readPytorch } from "../../src/formats/pytorch-file.js";

const packed = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "pytorch-files.json"), "utf8"),
) as Record<"zip" | "wrapped" | "legacy" | "evil", string>;
const bytesOf = (name: keyof typeof packed) => new Uint8Array(Buffer.from(packed[name], "base64"));

describe("a file of PyTorch", () => {
  it.each(["zip", "wrapped", "legacy"] as const)(
    "%s holds its tensors by name, without integers and prefix",
    (name) => {
      const tensors = readPytorch(bytesOf(name), "net.pth");
      expect([...tensors.keys()]).toEqual(["conv.weight", "conv.turned", "conv.bias"]);
      expect(tensors.get("conv.weight")).toEqual({
        shape: [3, 4],
        data: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      });
      expect(tensors.get("conv.turned")).toEqual({
        shape: [2, 3],
        data: Float32Array.from([1, 5, 9, 2, 6, 10]),
      });
      expect(tensors.get("conv.bias")).toEqual({ shape: [2], data: Float32Array.from([0.5, -2]) });
    },
  );

  it("that calls a function of Python is refused by that name", () => {
    expect(() => readPytorch(bytesOf("evil"), "net.pth")).toThrow(UserError);
    expect(() => readPytorch(bytesOf("evil"), "net.pth")).toThrow(
      /asks Python to call "posix.system", and nothing in a file is executed/,
    );
  });

  it("is refused wherever it is cut off or changed, never otherwise broken", () => {
    const soundly = (bytes: Uint8Array) => {
      try {
        readPytorch(bytes, "net.pth");
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    };
    for (const name of ["zip", "legacy", "wrapped"] as const) {
      const bytes = bytesOf(name);
      for (let n = 0; n < bytes.length; n += 3) soundly(bytes.slice(0, n));
      for (let at = 0; at < bytes.length; at++)
        for (const change of [0x00, 0xff, bytes[at] ^ 0x41]) {
          const mutated = bytes.slice();
          mutated[at] = change;
          soundly(mutated);
        }
    }
  });
});
