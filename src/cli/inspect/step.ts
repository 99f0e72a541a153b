// Walking through one pass in the terminal: forward operation by operation to the loss, and back, with every number at hand.

import readline from "node:readline";
import { UserError } from "../../base/errors.js";
import { nudge } from "../../inspect/trace/nudge.js";
import { histogramOf, statisticsOf } from "../../inspect/trace/statistics.js";
import type { Subject } from "../../inspect/trace/subject.js";
import { callName, inNumbers, nodeText, ruleText } from "../../inspect/trace/text.js";
import type { Trace, TracedTensor, TraceNode } from "../../inspect/trace/types.js";
import { number, place, refName } from "../../inspect/trace/words.js";
import { show } from "../../tensor/shape.js";

const help = `n, next         the next operation (also: Enter)
b, back         the one before
into N          to operation N, forward; "into -N" to its way back
i, info         all about this operation: formula, numbers, rule, kernels, memory
p, print [T]    the first numbers; T is value (default), grad, or a parameter's name
plot [T]        a histogram, and for small tensors a picture in blocks
nudge NAME [I]  moves weight I of a parameter (default: the one with the largest gradient) and computes the loss anew
params          the parameters with their gradients
q, quit`;

/** Reads commands from stdin until it ends or "quit". */
export async function stepThrough(subject: Subject, trace: Trace): Promise<void> {
  const input = readline.createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
  const walk = new Walk(subject, trace);
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  write(walk.begin());
  input.prompt();
  for await (const line of input) {
    const [command = "next", ...words] = line.trim().split(/\s+/).filter(Boolean);
    if (["q", "quit", "exit"].includes(command)) break;
    try {
      write(await walk.answer(command, words));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      write(error.message);
    }
    input.prompt();
  }
  input.close();
}

/** Where one is, and what each command answers. */
export class Walk {
  /** Operations 0 to n - 1 are forward, n to 2n - 1 back, last operation first. */
  private at = -1;
  private readonly count: number;

  constructor(
    private readonly subject: Subject,
    private readonly trace: Trace,
  ) {
    this.count = trace.nodes.length;
  }

  begin(): string {
    const { title, loss, lossName, failure } = this.trace;
    const told = failure ? `the forward pass fails: ${failure.message}` : `${lossName} ${number(loss!)}`;
    return `${title}: ${this.count} operations, ${told}\nEnter goes on, "help" tells what else.`;
  }

  async answer(command: string, words: readonly string[]): Promise<string> {
    switch (command) {
      case "n":
      case "next":
        return this.go(this.at + 1);
      case "b":
      case "back":
        return this.go(this.at - 1);
      case "into":
        return this.into(words[0]);
      case "i":
      case "info":
        return nodeText(this.trace, this.index()).join("\n");
      case "p":
      case "print":
        return firstNumbers(this.named(words[0]));
      case "plot":
        return plot(this.named(words[0]));
      case "nudge":
        return this.nudged(words);
      case "params":
        return this.parameters();
      case "h":
      case "help":
        return help;
      default:
        throw new UserError(`There is no command ${command}; "help" lists them.`);
    }
  }

  private get steps(): number {
    return this.trace.failure ? this.count : 2 * this.count;
  }

  private index(): number {
    if (this.at < 0) throw new UserError("The walk has not begun; Enter goes to the first operation.");
    return this.at < this.count ? this.at : 2 * this.count - 1 - this.at;
  }

  private go(to: number): string {
    if (to < 0) return "This is the beginning.";
    if (to >= this.steps) return this.end();
    this.at = to;
    const node = this.trace.nodes[this.index()];
    return to < this.count ? this.forward(node) : this.backward(node);
  }

  private end(): string {
    const { failure } = this.trace;
    if (!failure) return 'All gradients have arrived at the parameters; "params" lists them.';
    const where = failure.call === undefined ? "" : ` in ${callName(this.trace, failure.call)}`;
    return `The forward pass ends here${where}: ${failure.message}`;
  }

  private into(word = ""): string {
    const n = Number(word);
    if (word === "" || !Number.isInteger(n) || Math.abs(n) >= this.count)
      throw new UserError(
        `into takes the number of an operation, 0 to ${this.count - 1}, or minus it for the way back.`,
      );
    return this.go(n < 0 || Object.is(n, -0) ? 2 * this.count - 1 - Math.abs(n) : n);
  }

  private forward(node: TraceNode): string {
    const i = this.index();
    const inputs = node.inputs.map((ref) => refName(this.trace, ref)).join(", ");
    return [
      `forward ${i + 1}/${this.count}  #${i} ${node.operation}  ${inputs} -> ${show(node.shape)}`,
      `  value     ${inNumbers(node.values)}`,
    ].join("\n");
  }

  private backward(node: TraceNode): string {
    const i = this.index();
    const rules = node.rules.map((rule) => `  rule      ${ruleText(this.trace, node, rule)}`);
    const arrived = node.gradient ? inNumbers(node.gradient) : "none";
    return [
      `backward ${this.at - this.count + 1}/${this.count}  #${i} ${node.operation}`,
      `  gradient  ${arrived}`,
      ...rules,
    ].join("\n");
  }

  /** A tensor by what it is called: "value", "grad", a parameter, or a parameter's gradient as "kernel.grad". */
  private named(word = "value"): { values: ArrayLike<number>; shape: readonly number[] } {
    const of = ({ values, gradient, shape }: TracedTensor, wantsGradient: boolean) => {
      const chosen = wantsGradient ? gradient : values;
      if (!chosen) throw new UserError(`${word}: no gradient arrived there.`);
      return { values: chosen, shape };
    };
    if (word === "value" || word === "grad") return of(this.trace.nodes[this.index()], word === "grad");
    const wantsGradient = word.endsWith(".grad");
    return of(this.trace.leaves[this.leaf(wantsGradient ? word.slice(0, -5) : word)], wantsGradient);
  }

  private leaf(name: string): number {
    const found = this.trace.leaves.findIndex((leaf) => leaf.name === name);
    if (found < 0) throw new UserError(`There is nothing called ${name}; "params" lists the parameters.`);
    return found;
  }

  private async nudged([name = "", word]: readonly string[]): Promise<string> {
    const leaf = this.leaf(name);
    const { values, gradient, shape, kind } = this.trace.leaves[leaf];
    if (kind !== "parameter" || !gradient) throw new UserError(`${name} is no parameter with a gradient.`);
    const largest = [...Array(values.length).keys()].reduce((a, b) =>
      Math.abs(gradient[b]) > Math.abs(gradient[a]) ? b : a,
    );
    const at = word === undefined ? largest : Number(word);
    if (!(at >= 0 && at < values.length))
      throw new UserError(`${name} has the weights 0 to ${values.length - 1}, not ${word}.`);
    const { weight, step, losses, difference } = await nudge(this.subject, this.trace, leaf, at);
    const reach = (losses.length - 1) / 2;
    const rows = losses.map(
      (loss, k) =>
        `  ${number(weight + (k - reach) * step).padEnd(12)} ${number(loss)}${k === reach ? "   here" : ""}`,
    );
    return [
      `${name}${place(at, shape)}: weight, loss`,
      ...rows,
      `slope by the gradient ${number(gradient[at])}, by finite difference ${number(difference)}`,
    ].join("\n");
  }

  private parameters(): string {
    const rows = this.trace.leaves.filter(({ kind }) => kind === "parameter");
    const longest = Math.max(0, ...rows.map(({ name }) => name.length));
    const line = ({ name, shape, gradient }: (typeof rows)[number]) =>
      `${name.padEnd(longest)}  ${show(shape).padEnd(18)} ${gradient ? `gradient's norm ${number(statisticsOf(gradient).norm)}` : ""}`;
    return rows.map(line).join("\n");
  }
}

function firstNumbers({ values, shape }: { values: ArrayLike<number>; shape: readonly number[] }): string {
  const columns = shape.at(-1) ?? 1;
  const rows = Math.min(8, values.length / columns);
  const lines = Array.from({ length: rows }, (_, y) =>
    Array.from({ length: Math.min(8, columns) }, (_, x) => number(values[y * columns + x]).padStart(10)).join(
      " ",
    ),
  );
  return [`${show(shape)}: ${inNumbers(values)}`, ...lines].join("\n");
}

const levels = " ▁▂▃▄▅▆▇█";
const shades = " ░▒▓█";

function plot({ values, shape }: { values: ArrayLike<number>; shape: readonly number[] }): string {
  const { min, max } = statisticsOf(values);
  const counts = histogramOf(values, min, max, 48);
  const most = Math.max(1, ...counts);
  const bars = counts.map((n) => levels[n === 0 ? 0 : Math.max(1, Math.round((8 * n) / most))]).join("");
  return [
    bars,
    `${number(min)}${" ".repeat(Math.max(1, 48 - number(min).length - number(max).length))}${number(max)}`,
    ...blocks(values, shape, min, max),
  ].join("\n");
}

/** The first image, or a matrix, in shades: two characters a pixel, at most 32 wide. */
function blocks(values: ArrayLike<number>, shape: readonly number[], min: number, max: number): string[] {
  const [, h = 0, w = 0, c = 1] = shape.length === 4 ? shape : [1, ...square(shape.slice(-1)[0] ?? 0), 1];
  if (h === 0 || w === 0) return [];
  const shrink = Math.ceil(Math.max(w, h) / 32);
  return Array.from({ length: Math.floor(h / shrink) }, (_, y) =>
    Array.from({ length: Math.floor(w / shrink) }, (_, x) => {
      const value = values[(y * shrink * w + x * shrink) * c];
      const level = max > min ? Math.round((4 * (value - min)) / (max - min)) : 0;
      return shades[level].repeat(2);
    }).join(""),
  );
}

/** 784 numbers are 28 x 28 pixels; others no picture. */
function square(n: number): readonly [number, number] {
  const side = Math.round(Math.sqrt(n));
  return side * side === n && side >= 8 ? [side, side] : [0, 0];
}
