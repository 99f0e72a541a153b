// Digits that are drawn by this program, so that they are free: each is some strokes, bent, turned and thickened by chance. They look
// like handwriting from afar and are easier than MNIST's; a visitor may load those instead.

import { RandomStream } from "../../../src/base/random-stream.js";

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** Pictures of SIDE by SIDE grey pixels in [0, 1], one after the other, and the class of each where it is known. */
export interface Pictures {
  readonly count: number;
  readonly pixels: Float32Array;
  readonly labels?: Uint8Array;
}

type Point = readonly [x: number, y: number];

/** Points of an ellipse's arc; angles in turns, from the right, clockwise as y goes down. */
const arc = (cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] =>
  Array.from({ length: 13 }, (_, i) => {
    const angle = 2 * Math.PI * (from + ((to - from) * i) / 12);
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  });

/** Of each digit in the unit square: lines from point to point. */
const strokes: readonly (readonly (readonly Point[])[])[] = [
  [arc(0.5, 0.5, 0.27, 0.4, 0, 1)],
  [[[0.35, 0.25], [0.53, 0.1], [0.53, 0.9]]],
  [[...arc(0.5, 0.32, 0.25, 0.22, 0.5, 1.08), [0.25, 0.9], [0.78, 0.9]]],
  [arc(0.47, 0.3, 0.24, 0.2, 0.55, 1.25), arc(0.47, 0.7, 0.27, 0.2, 0.75, 1.45)],
  [[[0.6, 0.1], [0.22, 0.62], [0.8, 0.62]], [[0.62, 0.4], [0.62, 0.92]]],
  [[[0.74, 0.1], [0.34, 0.1], [0.3, 0.45], ...arc(0.48, 0.65, 0.26, 0.24, 0.7, 1.42)]],
  [[[0.62, 0.1], ...arc(0.5, 0.66, 0.25, 0.24, 0.55, 1.55)]],
  [[[0.22, 0.12], [0.78, 0.12], [0.42, 0.92]]],
  [arc(0.5, 0.3, 0.2, 0.19, 0.25, 1.25), arc(0.5, 0.7, 0.25, 0.21, 0.75, 1.75)],
  [[...arc(0.5, 0.34, 0.23, 0.23, 1, 0), [0.72, 0.34], [0.62, 0.92]]],
]; // prettier-ignore

/** The same digits for the same seed, on every machine. */
export function drawnDigits(count: number, seed: number): Pictures {
  const stream = new RandomStream(seed, 11);
  const pixels = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = Math.floor(10 * stream.uniform());
    draw(pixels.subarray(i * PIXELS, (i + 1) * PIXELS), strokes[labels[i]], stream);
  }
  return { count, pixels, labels };
}

function draw(picture: Float32Array, lines: readonly (readonly Point[])[], stream: RandomStream): void {
  const around = (size: number): number => size * (2 * stream.uniform() - 1);
  const [turn, slant] = [around(0.15), around(0.25)];
  const [wide, high] = [19 + around(3.5), 20 + around(2)];
  const [left, top] = [SIDE / 2 + around(1.5), SIDE / 2 + around(1.5)];
  const thickness = 1.25 + 0.7 * stream.uniform();
  const placed = lines.map((line) =>
    line.map(([px, py]): Point => {
      const y = (py - 0.5 + around(0.015)) * high;
      const x = (px - 0.5 + around(0.015)) * wide - slant * y;
      return [left + x * Math.cos(turn) - y * Math.sin(turn), top + x * Math.sin(turn) + y * Math.cos(turn)];
    }),
  );
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const away = Math.min(...placed.map((line) => distanceTo(line, x + 0.5, y + 0.5)));
      picture[y * SIDE + x] = Math.min(1, Math.max(0, thickness + 0.5 - away));
    }
}

/** From a point to the nearest of a line's pieces. */
function distanceTo(line: readonly Point[], x: number, y: number): number {
  let least = Infinity;
  for (let i = 1; i < line.length; i++) {
    const [[ax, ay], [bx, by]] = [line[i - 1], line[i]];
    const [dx, dy] = [bx - ax, by - ay];
    const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
    const t = Math.min(1, Math.max(0, along));
    least = Math.min(least, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return least;
}
