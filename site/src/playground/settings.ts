// Everything that a playground's state is made of, but for the data that a visitor loads: it fits into a link.

export const activations = ["relu", "tanh", "sigmoid", "gelu", "silu", "linear"] as const;
export const losses = ["mse", "mae", "binaryCrossentropy"] as const;
export const optimizers = ["adam", "sgd"] as const;

export interface Settings {
  /** Units of the dense layers between picture and code; the way out mirrors them. At most four. */
  readonly hidden: readonly number[];
  /** Units of the code. */
  readonly code: number;
  readonly activation: (typeof activations)[number];
  /** Codes are clouds, one code is drawn from each (Kingma and Welling, ICLR 2014). */
  readonly variational: boolean;
  readonly loss: (typeof losses)[number];
  readonly optimizer: (typeof optimizers)[number];
  readonly learningRate: number;
  /** Standard deviation of the noise that inputs get, where white is 1: a denoising autoencoder. */
  readonly noise: number;
  readonly batch: number;
  /** Of weights, data and noise. */
  readonly seed: number;
}

export const defaults: Settings = {
  hidden: [64],
  code: 2,
  activation: "relu",
  variational: false,
  loss: "mse",
  optimizer: "adam",
  learningRate: 0.003,
  noise: 0,
  batch: 32,
  seed: 1,
};

const clamped = (value: unknown, least: number, most: number, otherwise: number): number => {
  const number = value === "" || value === null ? NaN : Number(value);
  return Number.isFinite(number) ? Math.min(most, Math.max(least, number)) : otherwise;
};
const whole = (value: unknown, least: number, most: number, otherwise: number): number =>
  Math.round(clamped(value, least, most, otherwise));
const oneOf = <T extends string>(list: readonly T[], value: unknown, otherwise: T): T =>
  list.includes(value as T) ? (value as T) : otherwise;

/** Settings from what forms and links hold; what is missing or makes no sense becomes the default. */
export function settingsFrom(raw: Readonly<Record<string, unknown>>): Settings {
  const sizes = String(raw.hidden ?? defaults.hidden)
    .split(/[,\s]+/)
    .filter((text) => text !== "");
  const hidden = sizes.slice(0, 4).map((text) => whole(text, 1, 1024, 64));
  return {
    hidden,
    code: whole(raw.code ?? "", 1, 64, defaults.code),
    activation: oneOf(activations, raw.activation, defaults.activation),
    variational: raw.variational === true || raw.variational === "true" || raw.variational === "on",
    loss: oneOf(losses, raw.loss, defaults.loss),
    optimizer: oneOf(optimizers, raw.optimizer, defaults.optimizer),
    learningRate: clamped(raw.learningRate ?? "", 1e-6, 10, defaults.learningRate),
    noise: clamped(raw.noise ?? "", 0, 2, defaults.noise),
    batch: whole(raw.batch ?? "", 1, 512, defaults.batch),
    seed: whole(raw.seed ?? "", 0, 1e9, defaults.seed),
  };
}

/** The part of a link after "#": what differs from the defaults. */
export function hashOf(settings: Settings): string {
  const differing = Object.entries(settings).filter(
    ([name, value]) => String(value) !== String(defaults[name as keyof Settings]),
  );
  return new URLSearchParams(differing.map(([name, value]) => [name, String(value)])).toString();
}

export const settingsOfHash = (hash: string): Settings =>
  settingsFrom(Object.fromEntries(new URLSearchParams(hash.replace(/^#/, ""))));
