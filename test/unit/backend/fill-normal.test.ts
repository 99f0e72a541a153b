import { expect, it } from "vitest";
import { minus2LogOf } from "../../../src/base/fill-normal.js";

it("-2 ln(1 - u) is right to 1e-12 and never negative, also where u is 0 or next to it", () => {
  const words = [...Array(2000).keys()].map((i) => i << 8);
  for (let i = 0; i < 24; i++) words.push((1 << (8 + i)) >>> 0, 0xffffffff - (1 << i));
  for (const word of words) {
    const u = (word >>> 8) * 2 ** -24;
    const value = minus2LogOf(word);
    expect(value).toBeGreaterThanOrEqual(0);
    expect(Math.abs(value - -2 * Math.log1p(-u))).toBeLessThan(1e-12);
  }
});
