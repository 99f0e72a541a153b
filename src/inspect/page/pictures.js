// Tensors as pictures: planes of grey where nothing is negative, else blue for negative and red for positive, white (in the dark:
// black) at zero.

import { h } from "./dom.js";
import { number } from "./words.js";

const isDark = matchMedia("(prefers-color-scheme: dark)");

/** Byte to [red, green, blue]. */
function colour(byte, signed) {
  if (!signed) return [byte, byte, byte];
  const t = (byte - 128) / 127; // -1 to 1
  const ground = isDark.matches ? [24, 26, 30] : [250, 250, 248];
  const end =
    t < 0
      ? isDark.matches
        ? [96, 165, 250]
        : [29, 95, 201]
      : isDark.matches
        ? [248, 113, 113]
        : [200, 35, 45];
  const share = Math.abs(t) ** 0.8; // small values stay visible
  return ground.map((from, i) => Math.round(from + share * (end[i] - from)));
}

/** @param width the room there is, in CSS pixels */
export function picture(
  { width: w, height: hgt, planes, columns, kind, signed, scale, data: base64 },
  width = 380,
) {
  const raw = atob(base64);
  const perRow = columns || fitting(planes, w, width);
  const rows = Math.ceil(planes / perRow);
  const zoom = Math.max(1, Math.min(kind === "matrix" ? 8 : 10, Math.floor(width / (perRow * (w + 1)))));
  const canvas = h("canvas", { width: perRow * (w + 1) - 1, height: rows * (hgt + 1) - 1, role: "img" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let p = 0, at = 0; p < planes; p++)
    for (let y = 0; y < hgt; y++)
      for (let x = 0; x < w; x++, at++) {
        const [px, py] = [(p % perRow) * (w + 1) + x, Math.floor(p / perRow) * (hgt + 1) + y];
        image.data.set([...colour(raw.charCodeAt(at), signed), 255], 4 * (py * canvas.width + px));
      }
  context.putImageData(image, 0, 0);
  if (kind === "matrix" && canvas.height * zoom < 24)
    canvas.style.height = `${Math.max(10, 8 * canvas.height)}px`;
  canvas.style.width = `${Math.min(width, canvas.width * zoom)}px`;
  const range = signed ? `blue −${number(scale)}, red ${number(scale)}` : `black 0, white ${number(scale)}`;
  const what = kind === "matrix" ? "the tensor as a matrix" : `${planes} ${kind}${planes === 1 ? "" : "s"}`;
  canvas.setAttribute("aria-label", `${what}; ${range}`);
  return h("figure", {}, canvas, h("figcaption", {}, `${what}; ${range}`));
}

/** Planes beside each other so that the whole is about as wide as it is high, and fits. */
function fitting(planes, w, width) {
  const most = Math.max(1, Math.floor(width / (w + 1)));
  return Math.min(
    planes,
    most,
    Math.max(Math.ceil(Math.sqrt(planes * 1.6)), Math.floor(width / (4 * (w + 1))) || 1),
  );
}
