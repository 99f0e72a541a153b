// Files of shapes for `fovea bench --shapes`: what they become, and lines that are refused by name.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workloadsFrom } from "../../../src/cli/bench/shapes.js";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fovea-shapes-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const read = (...lines: string[]) => {
  const file = path.join(folder, "shapes.jsonl");
  fs.writeFileSync(file, lines.join("\n"));
  return workloadsFrom(file).map(({ name }) => name);
};

describe("workloadsFrom", () => {
  it("names a workload after its shapes and stride, and passes over comments and empty lines", () => {
    const names = read(
      "# shapes",
      '{"kernel":"conv2dWeightGrad","x":[5,63,65,31],"w":[3,3,31,47],"stride":2,"padding":"same"}',
      "",
      '{"kernel":"matmul","a":[1,300,700],"b":[1,700,31]}',
    );
    expect(names).toEqual(["conv2dWeightGrad-5x63x65x31-3x3x31x47-s2", "matmul-1x300x700-1x700x31"]);
  });

  it("refuses a field that it would not heed, by line and name", () => {
    const line = '{"kernel":"conv2d","x":[1,9,9,3],"w":[3,3,3,4],"strides":2}';
    expect(() => read("", line)).toThrow(/line 2: strides is not among the fields kernel, x, w, stride/);
    expect(() => read('{"kernel":"matmul","a":[1,2,3],"b":[1,3,4],"stride":2}')).toThrow(
      /line 1: stride is not/,
    );
  });

  it("refuses a kernel that it does not know", () => {
    expect(() => read('{"kernel":"relu","x":[1,9,9,3],"w":[3,3,3,4]}')).toThrow(/the kernel must be matmul/);
  });
});
