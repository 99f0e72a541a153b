// What the page and the worker that computes say to each other.

export interface Work {
  readonly id: number;
  readonly file: Blob;
  readonly name: string;
  readonly task: "photo" | "denoise";
  readonly strength: number;
}

export type ToWorker = { readonly work: Work } | { readonly cancel: number };

export type FromWorker =
  | { readonly engine: string }
  | { readonly id: number; readonly share: number }
  | { readonly id: number; readonly result: Blob; readonly remark: string }
  | { readonly id: number; readonly error: string };
