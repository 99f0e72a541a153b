// Options that several commands share, and how their values are read: each mistake is one sentence that names the flag.

import { Option } from "commander";
import type { BackendName } from "../backend/backend.js";
import { UserError } from "../base/errors.js";

type Parse<T> = (text: string) => T;

const numberIn =
  (flag: string, wanted: string, example: string, isRight: (value: number) => boolean): Parse<number> =>
  (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value) || !isRight(value))
      throw new UserError(`${flag} ${text} is not ${wanted}; give for example ${flag} ${example}.`);
    return value;
  };

export const wholeNumber = (flag: string, example: string, from = 1): Parse<number> =>
  numberIn(flag, `a whole number from ${from} up`, example, (v) => Number.isSafeInteger(v) && v >= from);

export const positiveNumber = (flag: string, example: string): Parse<number> =>
  numberIn(flag, "a number above 0", example, (v) => v > 0);

/** A moving average's. */
export const decay: Parse<number> = numberIn(
  "--ema",
  "a decay from 0 to below 1",
  "0.999",
  (v) => v >= 0 && v < 1,
);

export const numberFromTo = (flag: string, from: number, to: number, example: string): Parse<number> =>
  numberIn(flag, `a number from ${from} to ${to}`, example, (v) => v >= from && v <= to);

export const listOfCounts =
  (flag: string): Parse<number[]> =>
  (text) =>
    text
      .split(",")
      .map(
        numberIn(
          flag,
          "a list of whole numbers from 1 up",
          "16,32,64",
          (v) => Number.isSafeInteger(v) && v >= 1,
        ),
      );

const sigmaValue = (flag: string): Parse<number> =>
  numberIn(flag, "a noise level of 0 to 255 grey levels", "25", (v) => v >= 0 && v <= 255);

/** "25", or "0..55" for a range. */
export const sigmaOrRange: Parse<number | readonly [number, number]> = (text) => {
  const [from, to, ...more] = text.split("..");
  if (to === undefined) return sigmaValue("--sigma")(text);
  const range = [Number(from), Number(to)] as const;
  const isRange = from.trim() !== "" && to.trim() !== "" && more.length === 0;
  if (!isRange || !(range[0] >= 0 && range[0] <= range[1] && range[1] <= 255))
    throw new UserError(
      `--sigma ${text} is not a range of noise levels within 0 to 255; give for example --sigma 0..55.`,
    );
  return range;
};

/** "25" or "15,25,50". */
export const sigmaList: Parse<number[]> = (text) => text.split(",").map(sigmaValue("--sigma"));

/** "10" or "10,20": of JPEG. */
export const qualityList: Parse<number[]> = (text) =>
  text.split(",").map((part) => {
    const quality = Number(part);
    if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100))
      throw new UserError(
        `--quality ${text}: "${part}" is not a whole number from 1 to 100; give for example --quality 10,20.`,
      );
    return quality;
  });

/** "auto" or "25". */
export const sigmaOrAuto: Parse<number | "auto"> = (text) => {
  if (text === "auto") return text;
  if (!Number.isFinite(Number(text)) || text.trim() === "")
    throw new UserError(
      `--sigma ${text} is neither auto nor a number of grey levels; give for example --sigma auto or --sigma 25.`,
    );
  return sigmaValue("--sigma")(text);
};

/** One of some words. */
export const oneOf =
  <T extends string>(flag: string, words: readonly T[]): Parse<T> =>
  (text) => {
    if (!words.includes(text as T))
      throw new UserError(`${flag} ${text} is not one of ${words.join(", ")}; choose one of these.`);
    return text as T;
  };

/** Short names of architectures beside the registry's own. */
const shortNames: Readonly<Record<string, string>> = {
  "conv-ae": "conv-autoencoder",
  "dense-ae": "dense-autoencoder",
};
const architectureNames = ["unet", "conv-autoencoder", "dense-autoencoder", "dncnn"];

export const architecture =
  (flag: string): Parse<string> =>
  (text) =>
    oneOf(flag, architectureNames)(shortNames[text] ?? text);

const backends: readonly (BackendName | "auto")[] = ["auto", "native", "webgpu", "wasm", "reference"];

export interface SharedOptions {
  backend: BackendName | "auto";
  threads?: number;
  json?: boolean;
}

export const backendOption = (): Option =>
  new Option("--backend <name>", `what computes: ${backends.join(", ")}`)
    .default("auto")
    .argParser(oneOf("--backend", backends));

export const threadsOption = (): Option =>
  new Option("--threads <n>", "CPU threads (default: one a core)").argParser(wholeNumber("--threads", "2"));

export const jsonOption = (): Option => new Option("--json", "print one JSON object a line on stdout");

export const seedOption = (what: string): Option =>
  new Option("--seed <n>", `seed of ${what}`).default(0).argParser(wholeNumber("--seed", "7", 0));

export const eagerOption = (): Option =>
  new Option("--eager", "run operation by operation instead of replaying a program");

export const modelOption = (): Option =>
  new Option(
    "--model <name>",
    "a bundled network (fovea models lists them), a run's folder, a safetensors file, or for enhance an ONNX file",
  );

export const architectureOption = (): Option =>
  new Option(
    "--arch <name>",
    "network that the weights of a foreign file belong to, such as dncnn",
  ).argParser(architecture("--arch"));
