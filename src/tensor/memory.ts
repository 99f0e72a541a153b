// How much is alive: buffers and bytes of the current backend. Tests assert that it is flat over a hundred steps.

import type { MemoryInfo } from "../backend/backend.js";
import { currentBackend } from "../backend/current.js";

/** Live buffers and bytes of the current backend, and bytes that it keeps for reuse. */
export const memory = (): MemoryInfo => currentBackend().memory();
