// The picture before and after, one over the other: a line between them that is dragged, zoom round the pointer, panning, pinching. The
// keyboard moves the line as a slider.

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** Dragging that begins as near to the line moves it; elsewhere, in an enlarged picture, it moves the picture. In pixels. */
const NEAR = 28;

export class Viewer {
  private readonly root = byId("viewer");
  private readonly stage = byId("stage");
  private readonly line = byId("line");
  private readonly divider = byId<HTMLInputElement>("divider");
  private readonly before = byId<HTMLImageElement>("before");
  private readonly after = byId<HTMLImageElement>("after");
  /** Of the picture, in its own pixels, and where it is: CSS pixels for one of its own, and its corner. */
  private size = { width: 1, height: 1 };
  private view = { scale: 1, x: 0, y: 0 };
  private fits = true;
  private hasAfter = false;
  /** Before and after by turns instead of beside each other: small differences are seen as motion. */
  private isBlinking = false;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private movesLine = false;
  private urls: string[] = [];

  constructor() {
    this.divider.addEventListener("input", () => this.draw());
    this.root.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.root.addEventListener("pointerdown", (event) => this.down(event));
    this.root.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"] as const)
      this.root.addEventListener(end, (event) => void this.pointers.delete(event.pointerId));
    byId("zoom").addEventListener("click", (event) => this.button(event));
    new ResizeObserver(() => (this.fits ? this.fit() : this.draw())).observe(this.root);
  }

  /** Shows a picture and, once there is one, its result. */
  async show(before: Blob, after?: Blob): Promise<void> {
    const urls = [before, after].map((blob) => (blob ? URL.createObjectURL(blob) : ""));
    this.before.src = urls[0];
    if (after) this.after.src = urls[1];
    try {
      await this.before.decode();
      if (after) await this.after.decode();
    } catch {
      return; // what cannot be shown is said in the queue
    } finally {
      for (const url of this.urls) if (url) URL.revokeObjectURL(url);
      this.urls = urls;
    }
    const { naturalWidth: width, naturalHeight: height } = this.before;
    const isSame = width === this.size.width && height === this.size.height && !this.stage.hidden;
    this.size = { width, height };
    this.hasAfter = after !== undefined;
    this.stage.hidden = byId("zoom").hidden = false;
    byId("drop").hidden = true;
    this.after.hidden = !this.hasAfter;
    byId<HTMLButtonElement>("blink").hidden = !this.hasAfter;
    this.blink(this.isBlinking && this.hasAfter);
    if (isSame) this.draw();
    else this.fit();
  }

  private blink(isOn: boolean): void {
    this.isBlinking = isOn;
    this.stage.classList.toggle("blinking", isOn);
    byId("blink").setAttribute("aria-pressed", String(isOn));
    const hasLine = this.hasAfter && !isOn;
    this.line.hidden = this.divider.hidden = !hasLine;
    for (const badge of this.root.querySelectorAll<HTMLElement>(".badge")) badge.hidden = !hasLine;
    this.draw();
  }

  private fit(): void {
    const { clientWidth, clientHeight } = this.root;
    const scale = Math.min(clientWidth / this.size.width, clientHeight / this.size.height);
    this.view = {
      scale,
      x: (clientWidth - scale * this.size.width) / 2,
      y: (clientHeight - scale * this.size.height) / 2,
    };
    this.fits = true;
    this.draw();
  }

  /** @param at the point of the viewer that stays where it is */
  private zoomTo(scale: number, at = { x: this.root.clientWidth / 2, y: this.root.clientHeight / 2 }): void {
    const to = Math.min(16, Math.max(0.02, scale));
    const { x, y, scale: from } = this.view;
    this.view = { scale: to, x: at.x - ((at.x - x) * to) / from, y: at.y - ((at.y - y) * to) / from };
    this.fits = false;
    this.draw();
  }

  private draw(): void {
    const { scale, x, y } = this.view;
    const { width, height } = this.size;
    Object.assign(this.stage.style, {
      width: `${width}px`,
      height: `${height}px`,
      transform: `translate(${x}px, ${y}px) scale(${scale})`,
    });
    this.stage.classList.toggle("sharp", scale * devicePixelRatio >= 2);
    const lineAt = (this.root.clientWidth * this.divider.valueAsNumber) / 100;
    this.line.style.left = `${lineAt}px`;
    const cut = Math.min(width, Math.max(0, (lineAt - x) / scale));
    this.after.style.clipPath = this.isBlinking ? "none" : `inset(0 0 0 ${cut}px)`;
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.root.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private wheel(event: WheelEvent): void {
    if (this.stage.hidden) return;
    event.preventDefault();
    this.zoomTo(this.view.scale * Math.exp(-event.deltaY / 400), this.at(event));
  }

  private down(event: PointerEvent): void {
    if (this.stage.hidden || (event.target as Element).closest("button, input")) return;
    this.root.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    const lineAt = (this.root.clientWidth * this.divider.valueAsNumber) / 100;
    this.movesLine = this.hasAfter && !this.isBlinking && (this.fits || Math.abs(at.x - lineAt) < NEAR);
    if (this.movesLine) this.moveLine(at.x);
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    this.pointers.set(event.pointerId, now);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = (p: { x: number; y: number }): number => Math.hypot(p.x - other.x, p.y - other.y);
      this.zoomTo((this.view.scale * distance(now)) / Math.max(1, distance(before)), other);
    } else if (this.movesLine) this.moveLine(now.x);
    else {
      this.view = { ...this.view, x: this.view.x + now.x - before.x, y: this.view.y + now.y - before.y };
      this.fits = false;
      this.draw();
    }
  }

  private moveLine(x: number): void {
    this.divider.value = String((100 * x) / this.root.clientWidth);
    this.draw();
  }

  private button(event: Event): void {
    const kind = (event.target as HTMLElement).dataset.zoom;
    if (kind === "blink") this.blink(!this.isBlinking);
    else if (kind === "fit") this.fit();
    else if (kind === "one") this.zoomTo(1 / devicePixelRatio);
    else if (kind) this.zoomTo(this.view.scale * (kind === "in" ? 1.5 : 1 / 1.5));
  }
}
