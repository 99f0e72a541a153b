// A model as plain JSON, for files: enough to make it again, without its weights.

/** An architecture by name, and its options. */
export interface ModelConfig {
  readonly architecture: string;
  readonly options: Readonly<Record<string, unknown>>;
}
