// Loops of shaders, written out or kept.

import { describe, expect, it } from "vitest";
import { kept, unrolled } from "../../../src/backend/webgpu/loops.js";

const nested = `const ROWS = 2u;
for (var i = 0u; i < ROWS; i++) {
  for (var j = 0u; j < 2u; j++) { sums[i] += a[j]; }
  if (i < m) { store(i); }
}
for (var k = 0u; k < steps; k++) { for (var i = 0u; i < 1u; i++) { load(i, k); } }
end();`;

const words = (text: string) => text.replace(/\s+/g, " ");

describe("loops of shaders", () => {
  it("are written out, with the counter as a constant, where their end is known", () => {
    expect(words(unrolled(nested))).toBe(
      words(`const ROWS = 2u;
        { const i = 0u; { const j = 0u; sums[i] += a[j]; } { const j = 1u; sums[i] += a[j]; } if (i < m) { store(i); } }
        { const i = 1u; { const j = 0u; sums[i] += a[j]; } { const j = 1u; sums[i] += a[j]; } if (i < m) { store(i); } }
        for (var k = 0u; k < steps; k++) { { const i = 0u; load(i, k); } }
        end();`),
    );
  });

  it("are kept from being written out", () => {
    expect(words(kept(nested, "p.one"))).toBe(
      words(`const ROWS = 2u;
        for (var i = 0u; i < 2u * p.one; i++) {
          for (var j = 0u; j < 2u * p.one; j++) { sums[i] += a[j]; }
          if (i < m) { store(i); }
        }
        for (var k = 0u; k < steps; k++) { for (var i = 0u; i < 1u * p.one; i++) { load(i, k); } }
        end();`),
    );
  });

  it("must not be left early where they are written out", () => {
    expect(() => unrolled("for (var i = 0u; i < 2u; i++) { if (done) { break; } }")).toThrow(
      "a loop over i cannot be unrolled: it breaks off",
    );
  });
});
