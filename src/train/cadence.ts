// When something that is done every so often during a run is due: snapshots, validations.

/** After how many steps, or how many seconds since it was last done, something is due again. */
export class Cadence {
  private last = performance.now();
  constructor(
    private readonly steps: number | undefined,
    private readonly seconds: number | undefined,
  ) {}
  isDue(step: number): boolean {
    const seconds = (performance.now() - this.last) / 1000;
    return (
      (this.steps !== undefined && step % this.steps === 0) ||
      (this.seconds !== undefined && seconds >= this.seconds)
    );
  }
  done(): void {
    this.last = performance.now();
  }
}
