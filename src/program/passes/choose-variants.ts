// Names the implementation of every call, so that a printed program shows what will run and a replay cannot choose anew.

import type { KernelCall } from "../../backend/backend.js";
import { type Pass, withCalls } from "../dataflow.js";

export const chooseVariants: Pass = (program, backend) =>
  withCalls(
    program,
    program.calls.map((call): KernelCall => {
      const variant = call.variant ?? backend.defaultVariant?.(call);
      return variant === undefined ? call : { ...call, variant };
    }),
  );
