// Numbers as pictures on a canvas: grey where nothing is negative, blue below and red above zero elsewhere; and the map of codes.

import { PIXELS, SIDE } from "./digits.js";
import type { View } from "./messages.js";

/** Pictures of SIDE by SIDE beside each other, `columns` in a row. @param isSigned white is zero; else black is zero and white one */
export function drawPictures(
  canvas: HTMLCanvasElement,
  numbers: Float32Array,
  columns: number,
  isSigned: boolean,
): void {
  const count = numbers.length / PIXELS;
  const rows = Math.max(1, Math.ceil(count / columns));
  canvas.width = columns * (SIDE + 1) - 1;
  canvas.height = rows * (SIDE + 1) - 1;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  for (let p = 0; p < count; p++) {
    const own = numbers.subarray(p * PIXELS, (p + 1) * PIXELS);
    const most = isSigned ? own.reduce((max, x) => Math.max(max, Math.abs(x)), 1e-12) : 1;
    const [left, top] = [(p % columns) * (SIDE + 1), Math.floor(p / columns) * (SIDE + 1)];
    for (let i = 0; i < PIXELS; i++) {
      const at = 4 * ((top + Math.floor(i / SIDE)) * canvas.width + left + (i % SIDE));
      image.data.set(isSigned ? signed(own[i] / most) : grey(own[i]), at);
    }
  }
  context.putImageData(image, 0, 0);
}

const grey = (x: number): number[] => {
  const level = Math.round(255 * Math.min(1, Math.max(0, x)));
  return [level, level, level, 255];
};

/** -1 blue, 0 white, 1 red. */
const signed = (t: number): number[] => {
  const end = t < 0 ? [29, 95, 201] : [200, 35, 45];
  const share = Math.min(1, Math.abs(t)) ** 0.8;
  return [...end.map((level) => Math.round(250 + share * (level - 250))), 255];
};

/** Ten colours that are told apart also without red or green, after Okabe and Ito with two more. */
const colours = [
  ...["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"],
  ...["#d55e00", "#8c7a00", "#7f7f7f", "#8b5fbf", "#a0522d"],
];

/** What of the plane of the first two numbers of a code the map shows. */
export interface Frame {
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
}

/** As much as the codes take, and a twentieth more on each side. */
export function frameOf({ width, values }: View["codes"]): Frame {
  const range = (axis: number): [number, number] => {
    let [from, to] = [Infinity, -Infinity];
    for (let i = Math.min(axis, width - 1); i < values.length; i += width) {
      from = Math.min(from, values[i]);
      to = Math.max(to, values[i]);
    }
    const room = 0.05 * (to - from) || 1;
    return [from - room, to + room];
  };
  return { x: range(0), y: range(1) };
}

export function drawMap(
  canvas: HTMLCanvasElement,
  codes: View["codes"],
  frame: Frame,
  chosen: readonly number[],
): void {
  const side = Math.round(canvas.clientWidth * devicePixelRatio) || 300;
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d")!;
  const place = (value: number, [from, to]: readonly [number, number]): number =>
    ((value - from) / (to - from)) * side;
  const { width, values, labels } = codes;
  context.font = `${Math.round(side / 34)}px system-ui`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i * width < values.length; i++) {
    const x = place(values[i * width], frame.x);
    const y = side - place(values[i * width + Math.min(1, width - 1)], frame.y);
    context.fillStyle = colours[labels?.[i] ?? 0];
    if (labels) context.fillText(String(labels[i]), x, y);
    else context.fillRect(x - 2, y - 2, 4, 4);
  }
  const [x, y] = [place(chosen[0], frame.x), side - place(chosen[Math.min(1, width - 1)], frame.y)];
  context.lineWidth = 2 * devicePixelRatio;
  context.strokeStyle = getComputedStyle(canvas).color;
  context.beginPath();
  context.arc(x, y, side / 40, 0, 2 * Math.PI);
  context.stroke();
}
