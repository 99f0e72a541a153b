// A program as text, one call a line: results, kernel, attributes, operands.

import type { KernelCall, Operand } from "../backend/backend.js";
import type { Program, Value } from "../backend/program-types.js";

export function printProgram(program: Program): string {
  const lines = program.calls.map((call, i) => `${String(i).padStart(4)}  ${printCall(call)}`);
  const arena = program.arenaLength > 0 ? `, arena of ${program.arenaLength} numbers` : "";
  return [`program: ${program.calls.length} calls${arena}`, ...lines].join("\n");
}

function printCall(call: KernelCall): string {
  const kernel = call.variant === undefined ? call.kernel : `${call.kernel}/${call.variant}`;
  const attributes = Object.entries(call.attributes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${call.outputs.map(printOperand).join(", ")} = ${kernel}(${[...call.inputs.map(printOperand), ...attributes].join(", ")})`;
}

/** %7[2, 3] is a temporary, @7[2, 3] a value that lives outside. */
function printOperand({ storage, shape }: Operand): string {
  const value = storage as Value;
  const place = value.offset >= 0 ? `+${value.offset}` : "";
  return `${value.isTemporary ? "%" : "@"}${value.id}${place}[${shape.join(", ")}]`;
}
