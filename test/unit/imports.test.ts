// No file of src/ imports itself through others, types included, but in the named circles.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

/** Circles that stay, and why. A file may only import round within its own. */
const CIRCLES: readonly (readonly string[])[] = [
  // The mathematics is that circle: the gradient of a mean needs a quotient, that of a product a sum.
  [
    "ops/binary",
    "ops/reduce",
    "ops/unary",
    "ops/select",
    "ops/linear",
    "ops/scalar",
    "ops/reshape",
    "ops/expect",
  ],
  // `loss.backward()` and `using s = scope()` as methods cost it, and tensors and tapes that print themselves.
  ["tensor/tensor", "tensor/tape", "tensor/scope", "tensor/print"],
  // `layer.apply(symbolic)` as a method costs it.
  ["nn/layer", "nn/symbolic"],
  // The backend hands itself to its parts, as a type.
  ["backend/webgpu/backend", "backend/webgpu/executable", "backend/webgpu/peak", "backend/webgpu/tuner"],
];

const root = path.resolve(import.meta.dirname, "../../src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const nameOf = (file: string) =>
  path
    .relative(root, file)
    .replaceAll(path.sep, "/")
    .replace(/\.[jt]s$/, "");

const imports = new Map(
  files.map((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    const found = [...text.matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)";/gms)].map(
      (match) => match[1],
    );
    return [
      nameOf(path.join(root, file)),
      found.map((to) => nameOf(path.resolve(root, path.dirname(file), to))),
    ];
  }),
);

/** The way from one file back to itself, if there is one. */
function circleOf(start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (let file = waiting.pop(); file; file = waiting.pop())
    for (const to of imports.get(file) ?? []) {
      if (to === start) {
        const way = [start];
        for (let at = file; at !== start; at = cameFrom.get(at)!) way.unshift(at);
        return [start, ...way];
      }
      if (cameFrom.has(to) || CIRCLES.some((circle) => circle.includes(start) && circle.includes(to)))
        continue;
      cameFrom.set(to, file);
      waiting.push(to);
    }
  return undefined;
}

it("no import leads back to its file", () => {
  expect(imports.size).toBeGreaterThan(200);
  const circles = [...imports.keys()].map(circleOf).filter((circle) => circle !== undefined);
  expect(circles.map((circle) => circle.join(" <- "))).toEqual([]);
});
