// fovea doctor: which backends work here, which do not and why, what `auto` picks, and the one command that mends each.
// What each backend can tell of itself is doctor/'s; here it is put in order and printed.

import os from "node:os";
import { Command } from "commander";
import { openBest } from "../backend/select.js";
import {
  examineMpi,
  examineNative,
  examineReference,
  examineSharp,
  examineWasm,
  examineWebgpu,
  type Finding,
} from "./doctor/findings.js";
import { jsonOption } from "./options.js";
import { print, printJson } from "./session.js";
import { version } from "./version.js";

export const doctorCommand = (): Command =>
  new Command("doctor")
    .description("Tells which backends work here, which do not and why, and the one command that mends each.")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  fovea doctor
  fovea doctor --json`,
    )
    .action(doctor);

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const machine = {
    fovea: version(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    logicalCores: os.cpus().length,
    memoryGB: Math.round(os.totalmem() / 2 ** 30),
  };
  const findings = [
    await examineWebgpu(),
    await examineNative(),
    await examineWasm(),
    examineReference(),
    await examineSharp(),
    await examineMpi(),
  ];
  const auto = await pickedByAuto();
  if (json) {
    printJson({ machine: true, ...machine });
    for (const finding of findings) printJson({ ...finding });
    printJson({ auto });
    return;
  }
  print(`fovea ${machine.fovea}, Node.js ${machine.node}, ${machine.platform}`);
  print(`${machine.cpu}, ${machine.logicalCores} logical cores, ${machine.memoryGB} GB`);
  for (const finding of findings) printFinding(finding);
  print(`\n--backend auto picks ${auto}`);
}

async function pickedByAuto(): Promise<string> {
  const backend = await openBest();
  await backend.close();
  return backend.name;
}

function printFinding({ part, works, summary, remedy, details }: Finding): void {
  print(`\n${works ? "works" : "missing"}  ${part}: ${summary}`);
  for (const [name, value] of Object.entries(details)) print(`  ${name}: ${shown(value)}`);
  if (remedy !== undefined) print(`  to mend it: ${remedy}`);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([name, v]) => `${name} ${String(v)}`)
      .join(", ");
  return String(value);
}
