// How numbers, sizes, times and places are written.

/** Four digits: 0.01234, 1.24e−7; what JSON could not hold was not finite. */
export function number(x) {
  if (x === null || x === undefined) return "NaN";
  const small = x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5);
  const text = small ? x.toExponential(2) : String(Number(x.toPrecision(4)));
  return text.replaceAll("-", "−").replace("e+", "e");
}

function inUnits(x, units) {
  let power = 0;
  for (; x >= 1000 && power < units.length - 1; power++) x /= 1000;
  return `${power === 0 ? Math.round(x) : Number(x.toPrecision(3))} ${units[power]}`.trim();
}

export const bytes = (n) => inUnits(n, ["B", "kB", "MB", "GB"]);
export const amount = (n) => inUnits(n, ["", "k", "M", "G", "T"]);
export const counted = (n, one, many = `${one}s`) => `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
export const duration = (seconds) =>
  seconds < 1e-3 ? `${Math.round(seconds * 1e6)} µs` : `${Number((seconds * 1e3).toPrecision(3))} ms`;

/** [4, 32], or "one number". */
export const shapeText = (shape) => (shape.length === 0 ? "scalar" : shape.join("×"));

/** The element at a flat index, as [2, 0, 17]. */
export function place(index, shape) {
  const at = [];
  for (const n of [...shape].reverse()) {
    at.unshift(index % n);
    index = Math.floor(index / n);
  }
  return `[${at.join(", ")}]`;
}
