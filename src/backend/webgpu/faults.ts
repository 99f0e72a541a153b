// What can go wrong on a GPU after the call that caused it has returned: a lost device, a shader that does not compile,
// memory that is not there. The fault is kept here until a wait or a call can tell it.

/** The GPU went away (driver reset, device destroyed). Everything on it is lost; a new backend can be created. */
export class DeviceLostError extends Error {
  override readonly name = "DeviceLostError";
}

/** A shader did not compile or a call broke WebGPU's rules: a defect of Fovea, with the numbered source in the message. */
export class ShaderError extends Error {
  override readonly name = "ShaderError";
}

export class Faults {
  /** Ends everything: the device is lost or closed. */
  private end: Error | undefined;
  /** Told once, by the next call or wait. */
  private pending: Error | undefined;
  private rejectors = new Set<(error: Error) => void>();
  private readonly checks = new Set<Promise<void>>();

  /** An error of one command; it rejects what waits now, or else the next call. */
  report(error: Error): void {
    if (this.end) return;
    if (this.rejectors.size === 0) this.pending ??= error;
    this.rejectAll(error);
  }

  /** An error after which nothing works any more. */
  reportEnd(error: Error): void {
    this.end ??= error;
    this.rejectAll(this.end);
  }

  throwIfAny(): void {
    if (this.end) throw this.end;
    const error = this.pending;
    this.pending = undefined;
    if (error) throw error;
  }

  /** `work`, but rejecting as soon as a fault is reported: a lost device need not settle its promises. */
  async guard<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined); // it may fail after the fault has been told
    this.throwIfAny();
    let reject: (error: Error) => void = () => undefined;
    const fault = new Promise<never>((_, rejectFault) => (reject = rejectFault));
    this.rejectors.add(reject);
    try {
      return await Promise.race([work, fault]);
    } catch (error) {
      throw this.end ?? error;
    } finally {
      this.rejectors.delete(reject);
    }
  }

  /** Remembers a check that runs in the background (an error scope); `settled` waits for all of them. */
  watch(check: Promise<void>): void {
    const watched: Promise<void> = check
      .catch((error: unknown) => this.report(error instanceof Error ? error : new Error(String(error))))
      .finally(() => this.checks.delete(watched));
    this.checks.add(watched);
  }

  async settled(): Promise<void> {
    while (this.checks.size > 0) await this.guard(Promise.all([...this.checks]));
    this.throwIfAny();
  }

  private rejectAll(error: Error): void {
    const waiting = [...this.rejectors];
    this.rejectors.clear();
    for (const reject of waiting) reject(error);
  }
}

/** The compiler's messages, then the source with line numbers, the lines at fault marked. */
export function numberedSource(
  label: string,
  source: string,
  messages: readonly GPUCompilationMessage[],
): string {
  const faulty = new Set(messages.map((message) => message.lineNum));
  const lines = source.split("\n").map((line, index) => {
    const number = index + 1;
    return `${faulty.has(number) ? ">" : " "}${String(number).padStart(4)} ${line}`;
  });
  const said = messages.map((m) => `  ${m.type} at ${m.lineNum}:${m.linePos}: ${m.message}`);
  return [`the shader ${label} does not compile:`, ...said, ...lines].join("\n");
}
