// How a picture is read, whichever format it is in.

export interface ReadOptions {
  /** Told, in a sentence, of what does not keep a file from being read but should be known; by default nobody is. */
  readonly warn?: (text: string) => void;
  /** Stops in the middle, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}
