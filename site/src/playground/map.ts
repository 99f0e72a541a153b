// The map of codes: each picture stands where its code is, and a point that is dragged (or moved with two sliders) is a code that the
// network draws. Codes of more than two numbers are seen along the first two; the others stay at their mean.

import { drawMap, type Frame, frameOf } from "./draw.js";
import type { View } from "./messages.js";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

export class CodeMap {
  private readonly canvas = byId<HTMLCanvasElement>("map");
  private readonly sliders = ["code-x", "code-y"].map((id) => byId<HTMLInputElement>(id));
  private codes: View["codes"] | undefined;
  private frame: Frame = { x: [-1, 1], y: [-1, 1] };

  /** @param onChoice is given whole codes */
  constructor(private readonly onChoice: (code: number[]) => void) {
    for (const slider of this.sliders) slider.addEventListener("input", () => this.choose());
    const drag = (event: PointerEvent): void => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      const shares = [(event.clientX - left) / width, 1 - (event.clientY - top) / height];
      this.sliders.forEach((slider, i) => (slider.value = String(100 * Math.min(1, Math.max(0, shares[i])))));
      this.choose();
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      drag(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) drag(event);
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** For another network. */
  reset(width: number): void {
    this.codes = undefined;
    this.sliders[1].disabled = width < 2;
    for (const slider of this.sliders) slider.value = "50";
  }

  show(codes: View["codes"]): void {
    this.codes = codes;
    this.frame = frameOf(codes);
    this.choose();
  }

  private choose(): void {
    const { codes } = this;
    if (!codes) return;
    this.draw();
    const chosen = this.chosen();
    this.onChoice(Array.from({ length: codes.width }, (_, i) => chosen[i] ?? meanOf(codes, i)));
  }

  private chosen(): number[] {
    return [this.frame.x, this.frame.y].map(
      ([from, to], i) => from + ((to - from) * this.sliders[i].valueAsNumber) / 100,
    );
  }

  private draw(): void {
    if (!this.codes) return;
    const chosen = this.chosen();
    drawMap(this.canvas, this.codes, this.frame, chosen);
    ["code-x-value", "code-y-value"].forEach((id, i) => (byId(id).textContent = chosen[i].toFixed(2)));
  }
}

function meanOf({ width, values }: View["codes"], axis: number): number {
  let sum = 0;
  for (let i = axis; i < values.length; i += width) sum += values[i];
  return (sum * width) / values.length;
}
