// A contact sheet: what several methods made of one picture, labelled, on one sheet to be looked at. Each has a cell with the
// whole picture, the parts to be seen closely, and where there is a clean picture a map of what differs from it. Drawing is
// image/canvas.ts, measuring image/metrics.ts.

import {
  asOpaque,
  blankCanvas,
  type Colour,
  drawFrame,
  drawText,
  enlarged,
  paste,
  reduced,
  textHeight,
  textWidth,
} from "../image/canvas.js";
import { createImage, crop, type Image } from "../image/image.js";

export interface SheetEntry {
  readonly title: string;
  /** A second line, such as figures. */
  readonly detail?: string;
  /** All of one size. */
  readonly image: Image;
  /** It is the clean picture itself. */
  readonly isClean?: boolean;
}

/** A square of the picture to be shown enlarged. */
export interface Zoom {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

const ground: Colour = [248, 248, 246];
const ink: Colour = [28, 28, 30];
const faint: Colour = [110, 110, 114];
/** The frames round what is zoomed. */
const frames: readonly Colour[] = [
  [230, 60, 40],
  [30, 120, 230],
  [20, 160, 90],
  [200, 130, 0],
];
const fontScale = 2;
const line = textHeight(fontScale) + 4;
const gap = 16;
const rowGap = 36;
/** Widest and highest that a whole picture is shown, and the least width of a cell, that of 26 letters. */
const [mostWidth, mostHeight, leastWidth] = [480, 640, 26 * 12];
const sheetWidth = 2000;
/** How much brighter than they are differences are shown. */
const differenceGain = 5;

/**
 * Cells in rows from left to right. Frames in the first cell show where the zooms are.
 * @param clean of the entries' size: maps of the absolute difference to it are shown, 5 times as bright
 */
export function contactSheet(
  entries: readonly SheetEntry[],
  zooms: readonly Zoom[] = [],
  clean?: Image,
): Image {
  const { width, height } = entries[0].image;
  const shown = fitted(width, height, mostWidth, mostHeight);
  const lines = entries.some(({ detail }) => detail) ? 2 : 1;
  const cell = new Cell(shown, lines, zooms, clean && asOpaque(clean));
  const most = Math.max(1, Math.floor((sheetWidth - gap) / (cell.width + gap)));
  const rows = Math.ceil(entries.length / most);
  const columns = Math.ceil(entries.length / rows);
  const sheet = blankCanvas(gap + columns * (cell.width + gap), rows * (cell.height + rowGap), ground);
  for (const [i, entry] of entries.entries()) {
    const left = gap + (i % columns) * (cell.width + gap);
    const top = gap + Math.floor(i / columns) * (cell.height + rowGap);
    cell.draw(sheet, left, top, entry, i === 0);
  }
  return sheet;
}

class Cell {
  readonly width: number;
  readonly height: number;
  private readonly zoomWidth: number;

  constructor(
    private readonly shown: Size,
    private readonly lines: number,
    private readonly zooms: readonly Zoom[],
    private readonly clean: Image | undefined,
  ) {
    this.width = Math.max(leastWidth, shown.width);
    const count = zooms.length;
    this.zoomWidth = count === 0 ? 0 : Math.floor((this.width - (count - 1) * (gap / 2)) / count);
    const zoomRow = count === 0 ? 0 : this.zoomWidth + gap / 2;
    this.height = lines * line + shown.height + zoomRow + (clean ? line + shown.height + gap / 2 : 0);
  }

  draw(
    sheet: Image,
    left: number,
    top: number,
    { title, detail = "", image, isClean }: SheetEntry,
    isFirst: boolean,
  ): void {
    const opaque = asOpaque(image);
    this.write(sheet, title, left, top, ink);
    this.write(sheet, detail, left, top + line, faint);
    let y = top + this.lines * line;
    paste(sheet, resized(opaque, this.shown), left, y);
    if (isFirst) this.frameZooms(sheet, left, y, opaque.width);
    y += this.shown.height + gap / 2;
    for (const [i, { x: zoomX, y: zoomY, side }] of this.zooms.entries()) {
      const x = left + i * (this.zoomWidth + gap / 2);
      const part = crop(opaque, zoomX, zoomY, side, side);
      const size = { width: this.zoomWidth, height: this.zoomWidth };
      paste(sheet, resized(part, size), x, y);
      drawFrame(sheet, x, y, size.width, size.height, frames[i % frames.length]);
    }
    if (this.zooms.length > 0) y += this.zoomWidth + gap / 2;
    if (!this.clean || isClean) return;
    this.write(sheet, `difference from clean, x${differenceGain}`, left, y, faint);
    paste(sheet, resized(differences(opaque, this.clean), this.shown), left, y + line);
  }

  private write(sheet: Image, text: string, left: number, top: number, colour: Colour): void {
    const most = Math.floor(this.width / textWidth(" ", fontScale));
    const kept = text.length <= most ? text : `${text.slice(0, most - 2)}..`;
    drawText(sheet, kept, left, top, colour, fontScale);
  }

  private frameZooms(sheet: Image, left: number, top: number, width: number): void {
    const scale = this.shown.width / width;
    for (const [i, { x, y, side }] of this.zooms.entries()) {
      const [boxLeft, boxTop] = [left + Math.round(x * scale), top + Math.round(y * scale)];
      const boxSide = Math.max(6, Math.round(side * scale));
      drawFrame(sheet, boxLeft, boxTop, boxSide, boxSide, frames[i % frames.length]);
    }
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size at which a picture fits: reduced, or enlarged by a whole number. */
function fitted(width: number, height: number, most: number, mostHigh: number): Size {
  const scale = Math.min(most / width, mostHigh / height);
  const factor = scale >= 1 ? Math.floor(scale) : scale;
  const side = (length: number) => Math.max(1, Math.floor(length * factor + 1e-9));
  return { width: side(width), height: side(height) };
}

const resized = (image: Image, { width, height }: Size): Image =>
  width >= image.width ? enlarged(image, width, height) : reduced(image, width, height);

/** |a - b|, brighter by the gain, on black. */
function differences(a: Image, b: Image): Image {
  const out = createImage(a.width, a.height, 3);
  for (let i = 0; i < out.pixels.length; i++)
    out.pixels[i] = Math.min(255, differenceGain * Math.abs(a.pixels[i] - b.pixels[i]));
  return out;
}
