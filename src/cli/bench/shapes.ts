// Workloads from a file, for shapes that nobody named: one JSON object a line, for example
//   {"kernel":"conv2d","x":[1,97,61,48],"w":[5,5,48,96],"stride":1,"padding":"same"}     also conv2dInputGrad, conv2dWeightGrad
//   {"kernel":"matmul","a":[1,300,700],"b":[1,700,31],"transposeB":false}

import { UserError } from "../../base/errors.js";
import { readFileBytes } from "../../formats/files.js";
import { slidingWindow } from "../../ops/window.js";
import { kernelWorkload, type Workload } from "./workloads.js";

interface Line {
  kernel: string;
  x: number[];
  w: number[];
  a: number[];
  b: number[];
  stride?: number;
  dilation?: number;
  padding?: "same" | "valid" | number;
  transposeA?: boolean;
  transposeB?: boolean;
}

const fields: Record<string, readonly string[]> = {
  matmul: ["kernel", "a", "b", "transposeA", "transposeB"],
  convolution: ["kernel", "x", "w", "stride", "dilation", "padding"],
};

/** @throws UserError naming the file and the line that cannot be used */
export function workloadsFrom(file: string): Workload[] {
  const lines = new TextDecoder().decode(readFileBytes(file, "a list of shapes")).split("\n");
  return lines.flatMap((text, i) => {
    if (text.trim() === "" || text.startsWith("#")) return [];
    try {
      return [workload(JSON.parse(text) as Line)];
    } catch (error) {
      const example = '{"kernel":"conv2d","x":[1,97,61,48],"w":[5,5,48,96],"padding":"same"}';
      throw new UserError(
        `${file}, line ${i + 1}: ${(error as Error).message.replace(/\.$/, "")}; write lines such as ${example}.`,
      );
    }
  });
}

function workload(line: Line): Workload {
  const allowed = fields[line.kernel === "matmul" ? "matmul" : "convolution"];
  const stranger = Object.keys(line).find((key) => !allowed.includes(key));
  if (stranger) throw new Error(`${stranger} is not among the fields ${allowed.join(", ")}`);
  if (line.kernel === "matmul") {
    const { a, b, transposeA = false, transposeB = false } = line;
    const output = [Math.max(a[0], b[0]), a[transposeA ? 2 : 1], b[transposeB ? 1 : 2]];
    return kernelWorkload(`matmul-${a.join("x")}-${b.join("x")}`, "matmul", [a, b], output, {
      transposeA,
      transposeB,
    });
  }
  const { x, w, stride, dilation, padding } = line;
  const options = { strides: stride, dilationRate: dilation, padding };
  const { output, ...window } = slidingWindow("conv2d", [x[1], x[2]], [w[0], w[1]], options);
  const y = [x[0], ...output, w[3]];
  const geometry = { ...window, groups: x[3] / w[2] };
  const name = `${line.kernel}-${x.join("x")}-${w.join("x")}-s${window.strides[0]}`;
  switch (line.kernel) {
    case "conv2d":
      return kernelWorkload(name, "conv2d", [x, w], y, geometry);
    case "conv2dInputGrad":
      return kernelWorkload(name, "conv2dInputGrad", [y, w], x, geometry);
    case "conv2dWeightGrad":
      return kernelWorkload(name, "conv2dWeightGrad", [x, y], w, geometry);
    default:
      throw new Error(
        `the kernel must be matmul, conv2d, conv2dInputGrad or conv2dWeightGrad, not ${String(line.kernel)}`,
      );
  }
}
