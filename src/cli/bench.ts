// fovea bench: how fast the workloads run here, as a rate or a time and as a share of this machine's peak, measured in the same run.
// Networks from files, layer by layer and beside ONNX Runtime, are bench/against.ts's.

import { availableParallelism } from "node:os";
import { Command } from "commander";
import type { Backend, BackendName } from "../backend/backend.js";
import { UserError } from "../base/errors.js";
import { useBackend } from "../backend/select.js";
import { runCase, variantsServing } from "../inspect/conformance.js";
import { benchModel } from "./bench/against.js";
import { caseOf } from "./bench/ladder.js";
import { measure, type Timing } from "./bench/measure.js";
import { profile } from "./bench/profile.js";
import { workloadsFrom } from "./bench/shapes.js";
import { type kernelWorkload, type Workload, workloads } from "./bench/workloads.js";

interface BenchFlags {
  backend: BackendName | "auto";
  threads?: string;
  kernel?: string;
  ladder?: boolean;
  profile?: boolean;
  shapes?: string;
  seconds: string;
  model?: string;
  against?: string;
  layer?: string;
  size: string;
  json?: boolean;
}

export const benchCommand = (): Command =>
  new Command("bench")
    .description("time the workloads that rivals run under the same names")
    .argument("[work...]", "names or beginnings of names, such as sgemm or conv-dx; all by default")
    .option("--backend <name>", "auto, native, webgpu, wasm or reference", "auto")
    .option("--threads <n,...>", "CPU threads (default: one a core); a list runs everything for each")
    .option("--kernel <variant>", "force this variant of a kernel workload")
    .option("--ladder", "every variant of a kernel, each checked against the reference before it is timed")
    .option("--profile", "per kernel of a step: time, GFLOP/s, GB/s, share of the peak")
    .option("--shapes <file>", "workloads from a file of JSON lines instead")
    .option("--seconds <n>", "time spent on each workload", "1")
    .option("--model <file>", "a network instead, of others' or of one's own: whole, then each layer alone")
    .option(
      "--against <rival>",
      "with --model: beside onnxruntime, in turns, if onnxruntime-node is installed",
    )
    .option("--layer <n>", "with --model: this layer alone, counted from 0")
    .option("--size <pixels>", "with --model: side of the picture", "256")
    .option("--json", "one JSON object a line on stdout")
    .addHelpText(
      "after",
      `
Examples:
  fovea bench sgemm-1024                      one workload
  fovea bench conv-fwd --ladder               every variant, verified, then timed
  fovea bench train-step-unet --profile       where a training step's time goes
  fovea bench --backend native --threads 1,2 --json
  fovea bench --model realesr.onnx --against onnxruntime
  fovea bench --shapes shapes.jsonl           lines such as {"kernel":"conv2d","x":[1,97,61,48],"w":[5,5,48,96]}`,
    )
    .action(bench);

async function bench(works: string[], flags: BenchFlags): Promise<void> {
  if (flags.model !== undefined) return ofModel(flags.model, flags);
  if (flags.against !== undefined || flags.layer !== undefined)
    throw new UserError("--against and --layer go with --model; name a network, for example --model photo.");
  const all = flags.shapes ? workloadsFrom(flags.shapes) : workloads;
  const wanted = all.filter(({ name }) => works.length === 0 || works.some((work) => name.startsWith(work)));
  if (wanted.length === 0)
    throw new UserError(
      `There is no workload ${works.join(", ")}; choose among ${all.map((w) => w.name).join(", ")}.`,
    );
  const seconds = positive("--seconds", flags.seconds);
  for (const text of (flags.threads ?? String(availableParallelism())).split(",")) {
    const threads = positive("--threads", text);
    const backend = await useBackend(flags.backend, { threads });
    const run = new BenchRun(backend, threads, seconds, flags);
    await run.start();
    for (const workload of wanted) await run.one(workload);
    await backend.close();
  }
}

async function ofModel(model: string, flags: BenchFlags): Promise<void> {
  const { against, layer, json = false } = flags;
  if (against !== undefined && against !== "onnxruntime")
    throw new UserError(`--against ${against} is not known; write --against onnxruntime.`);
  const size = positive("--size", flags.size);
  const seconds = positive("--seconds", flags.seconds);
  if (layer !== undefined && !/^\d+$/.test(layer)) throw new UserError(`--layer ${layer} is no whole number; give one, for example --layer 0.`); // prettier-ignore
  for (const text of (flags.threads ?? String(availableParallelism())).split(",")) {
    const threads = positive("--threads", text);
    const backend = await useBackend(flags.backend, { threads });
    const only = layer === undefined ? undefined : Number(layer);
    await benchModel({ model, against: against !== undefined, size, threads, seconds, layer: only, json });
    await backend.close();
  }
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0))
    throw new UserError(`${flag} ${text} is not a number above 0; give one, for example ${flag} 2.`);
  return value;
}

/** What a ladder says of a variant: its error against the specification, and whether calls that name none get it. */
interface Rung {
  error: number;
  chosen: boolean;
}

class BenchRun {
  private flopsPerSecond: number | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly threads: number,
    private readonly seconds: number,
    private readonly flags: BenchFlags,
  ) {}

  async start(): Promise<void> {
    const peak = await this.backend.peak?.();
    this.flopsPerSecond = peak?.flopsPerSecond;
    if (!this.flags.json && peak)
      console.log(
        `peak: ${(peak.flopsPerSecond / 1e9).toFixed(1)} GFLOP/s, ${(peak.bytesPerSecond / 1e9).toFixed(1)} GB/s`,
      );
  }

  async one(workload: Workload): Promise<void> {
    if (this.flags.ladder) return this.ladder(workload);
    const prepared = workload.prepare(this.backend, this.flags.kernel);
    try {
      if (this.flags.profile && prepared.program)
        return await this.profile(workload.name, prepared.program());
      const timing = await measure(this.backend, () => prepared.run(), this.seconds);
      this.print(workload, prepared.flops, timing, this.flags.kernel);
    } finally {
      prepared.dispose();
    }
  }

  private async ladder(workload: Workload): Promise<void> {
    if (!("callOf" in workload)) return; // a whole network has no variants of its own
    const call = (workload as ReturnType<typeof kernelWorkload>).callOf(this.backend);
    const chosen = this.backend.defaultVariant?.(call);
    const testCase = caseOf(workload.name, call);
    const wrong: string[] = [];
    for (const variant of variantsServing(this.backend, call)) {
      const { ok, error, message } = await runCase(this.backend, testCase, variant);
      if (!ok) {
        this.printWrong(workload.name, variant, message!);
        wrong.push(`fovea conformance ${call.kernel} --backend ${this.backend.name} --variant ${variant}`);
        continue; // the others are still worth their time
      }
      const prepared = workload.prepare(this.backend, variant);
      const timing = await measure(this.backend, () => prepared.run(), this.seconds);
      this.print(workload, prepared.flops, timing, variant, { error, chosen: variant === chosen });
      prepared.dispose();
    }
    for (const o of [...call.inputs, ...call.outputs]) this.backend.release(o.storage);
    if (wrong.length > 0)
      throw new UserError(`${workload.name}: not every variant is right; run: ${wrong.join(" ; ")}`);
  }

  private printWrong(work: string, variant: string, message: string): void {
    const { name: backend } = this.backend;
    if (this.flags.json) console.log(JSON.stringify({ work, backend, variant, wrong: message }));
    else console.log(`${work.padEnd(30)}${`  ${variant}`.padEnd(28)}     wrong: ${message}`);
  }

  private print(workload: Workload, flops: number, timing: Timing, variant?: string, rung?: Rung): void {
    const quoted = (time: number) => round(workload.unit === "ms" ? time * 1000 : flops / time / 1e9);
    const { median, best, device } = timing;
    const share = this.flopsPerSecond ? round(flops / (device ?? median) / this.flopsPerSecond) : undefined;
    const { name: backend } = this.backend;
    const row = {
      work: workload.name,
      backend,
      threads: this.threads,
      variant,
      value: quoted(median),
      best: quoted(best),
      device: device === undefined ? undefined : quoted(device),
      unit: workload.unit,
      peakShare: share,
      ...rung,
    };
    if (this.flags.json) return console.log(JSON.stringify(row));
    const kind = variant ? `  ${variant}` : "";
    const shareText = share === undefined ? "" : `  ${(share * 100).toFixed(0)} % of the peak`;
    const deviceText = row.device === undefined ? "" : `  (${row.device} on the device)`;
    const rungText = rung ? `  error ${rung.error.toExponential(1)}${rung.chosen ? "  chosen" : ""}` : "";
    console.log(
      `${row.work.padEnd(30)}${kind.padEnd(28)}${String(row.value).padStart(10)} ${row.unit}${deviceText}${shareText}${rungText}`,
    );
  }

  private async profile(work: string, program: Parameters<typeof profile>[1]): Promise<void> {
    const rows = await profile(this.backend, program);
    const total = rows.reduce((sum, row) => sum + row.ms * row.count, 0);
    for (const row of rows) {
      const share = this.flopsPerSecond ? (row.gflops * 1e9) / this.flopsPerSecond : undefined;
      if (this.flags.json) console.log(JSON.stringify({ work, ...row, peakShare: share }));
      else
        console.log(
          `${((100 * row.ms * row.count) / total).toFixed(1).padStart(5)} %  ${(row.ms * row.count).toFixed(2).padStart(8)} ms  ${String(row.count).padStart(3)} x  ${row.gflops.toFixed(0).padStart(5)} GFLOP/s ${row.gigabytesPerSecond.toFixed(1).padStart(6)} GB/s ${share === undefined ? "" : `${(share * 100).toFixed(0).padStart(4)} %`}  ${row.kernel}${row.variant ? `/${row.variant}` : ""}  ${row.shapes}`,
        );
    }
    if (!this.flags.json) console.log(`${total.toFixed(2)} ms in all, call by call`);
  }
}

const round = (value: number): number => Number(value.toPrecision(5));
