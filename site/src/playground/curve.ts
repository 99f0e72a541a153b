// The loss against the step, drawn by uPlot while it comes in: each step faintly, and a running mean.

import uPlot from "uplot";

/** Steps that the mean runs over, and points that are drawn: above twice as many, neighbours are merged. */
const WINDOW = 30;
const MOST = 2000;

export class Curve {
  private steps: number[] = [];
  private losses: number[] = [];
  private means: number[] = [];
  private readonly plot: uPlot;

  constructor(private readonly root: HTMLElement) {
    // Asked for at each drawing, as the page turns dark when the system does.
    const [ink, line, accent] = ["--faint", "--line", "--accent"].map(
      (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name),
    );
    const axis: uPlot.Axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
    this.plot = new uPlot(
      {
        ...this.size(),
        scales: { x: { time: false }, y: { distr: 3 } },
        legend: { show: false },
        axes: [
          { ...axis, size: 30 },
          {
            ...axis,
            size: 70,
            values: (_plot, values) => values.map((v) => (v === null ? "" : v.toPrecision(2))),
          },
        ],
        series: [
          {},
          { stroke: line, points: { show: false } },
          { stroke: accent, width: 2, points: { show: false } },
        ],
      },
      [[], [], []],
      root,
    );
    new ResizeObserver(() => this.plot.setSize(this.size())).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.plot.redraw());
  }

  clear(): void {
    [this.steps, this.losses, this.means] = [[], [], []];
    this.draw();
  }

  /** Where steps come once more, as training went back to a snapshot, those drawn before are forgotten. */
  add(losses: readonly (readonly [number, number])[]): void {
    const again = this.steps.findIndex((step) => step >= losses[0]?.[0]);
    if (again >= 0) for (const list of [this.steps, this.losses, this.means]) list.length = again;
    for (const [step, loss] of losses) {
      this.steps.push(step);
      this.losses.push(loss);
      const last = this.losses.slice(-WINDOW);
      this.means.push(last.reduce((a, b) => a + b, 0) / last.length);
    }
    if (this.steps.length > 2 * MOST) {
      const half = <T>(list: T[]): T[] => list.filter((_, i) => i % 2 === 1);
      [this.steps, this.losses, this.means] = [half(this.steps), half(this.losses), half(this.means)];
    }
    this.draw();
  }

  private draw(): void {
    this.plot.setData([this.steps, this.losses, this.means]);
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(120, this.root.clientWidth), height: Math.max(120, this.root.clientHeight) };
  }
}
