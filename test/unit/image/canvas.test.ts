// What sheets are drawn with: text, frames, pasting, enlarging and reducing.

import { expect, it } from "vitest";
import {
  blankCanvas,
  drawFrame,
  drawText,
  enlarged,
  paste,
  reduced,
  textHeight,
  textWidth,
} from "../../../src/image/canvas.js";
import { hasInk } from "../../../src/image/font.js";
import { createImage, type Image } from "../../../src/image/image.js";

const white = [255, 255, 255] as const;
const black = [0, 0, 0] as const;

/** The canvas as text, "#" where it is dark. */
function seen({ width, height, pixels }: Image): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (pixels[(y * width + x) * 3] < 128 ? "#" : ".")).join(""),
  );
}

it("writes text, each dot as large as asked for", () => {
  const canvas = blankCanvas(textWidth("1g", 1), textHeight(1), white);
  drawText(canvas, "1g", 0, 0, black, 1);
  expect(seen(canvas)).toEqual([
    "..#.........",
    ".##.........",
    "..#....####.",
    "..#...#...#.",
    "..#...#...#.",
    "..#...#...#.",
    ".###...####.",
    "..........#.",
    ".......###..",
  ]);
  const twice = blankCanvas(textWidth("1", 2), textHeight(2), white);
  drawText(twice, "1", 0, 0, black, 2);
  expect(seen(twice)[0]).toBe("....##......");
  expect(seen(twice)[1]).toBe("....##......");
});

it("has a glyph of its own for every character of ASCII, and a question mark for the rest", () => {
  const glyph = (character: string) =>
    Array.from({ length: 45 }, (_, i) => (hasInk(character, i % 5, Math.floor(i / 5)) ? "#" : ".")).join("");
  const glyphs = Array.from({ length: 95 }, (_, i) => glyph(String.fromCharCode(32 + i)));
  expect(new Set(glyphs).size).toBe(95);
  expect(glyphs.filter((drawn) => !drawn.includes("#"))).toHaveLength(1);
  for (const foreign of ["é", "\n", "√"]) expect(glyph(foreign)).toBe(glyph("?"));
});

it("draws a frame inside its box, and nothing beyond the canvas", () => {
  const canvas = blankCanvas(7, 6, white);
  drawFrame(canvas, 2, 1, 20, 20, black);
  expect(seen(canvas)).toEqual([".......", "..#####", "..#####", "..##...", "..##...", "..##..."]);
});

it("pastes any kind of image, transparent ones over white", () => {
  const canvas = blankCanvas(4, 2, black);
  const grey = createImage(3, 1, 2, new Uint16Array([0, 65535, 65535, 65535, 0, 0]));
  paste(canvas, grey, 2, 1);
  expect([...canvas.pixels]).toEqual([...new Array<number>(18).fill(0), 0, 0, 0, 255, 255, 255]);
});

it("enlarges by squares and reduces by means", () => {
  const image = createImage(2, 2, 1, new Uint8Array([0, 100, 50, 201]));
  expect([...enlarged(image, 4, 4).pixels].slice(0, 8)).toEqual([0, 0, 100, 100, 0, 0, 100, 100]);
  expect([...enlarged(image, 3, 3).pixels]).toEqual([0, 0, 100, 0, 0, 100, 50, 50, 201]);
  expect([...reduced(image, 1, 1).pixels]).toEqual([88]);
  expect([...reduced(image, 1, 2).pixels]).toEqual([50, 126]);
});
