// After the results, says which tests were skipped and why: a test gives its reason to `context.skip("reason")`;
// for one skipped by `skipIf` the name of its suite must tell.
import type { Reporter, TestCase, TestModule } from "vitest/node";

export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const byReason = new Map<string, string[]>();
    for (const module of modules)
      for (const test of module.children.allTests("skipped")) {
        const reason = `${module.relativeModuleId}: ${reasonOf(test)}`;
        byReason.set(reason, [...(byReason.get(reason) ?? []), test.name]);
      }
    if (byReason.size === 0) return;
    console.log("\nSkipped:");
    for (const [reason, names] of byReason)
      console.log(`  ${reason} (${names.length === 1 ? names[0] : `${names.length} tests`})`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  return note ?? (test.parent.type === "suite" ? test.parent.fullName : "no reason given");
}
