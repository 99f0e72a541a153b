// What the page and the worker that computes say to each other.

import type { Task } from "../../src/enhance/tasks.js";

export type TaskName = Task;

export interface Work {
  readonly id: number;
  readonly file: Blob;
  readonly name: string;
  readonly task: TaskName;
  readonly strength: number;
}

export type ToWorker = { readonly work: Work } | { readonly cancel: number } | { readonly prepare: TaskName };

export type FromWorker =
  | { readonly engine: string }
  /** Whether all that it needs is kept for visits without a network, too. */
  | { readonly prepared: TaskName; readonly isKept: boolean }
  | { readonly id: number; readonly share: number }
  | { readonly id: number; readonly result: Blob; readonly remark: string }
  | { readonly id: number; readonly error: string };
