import { describe, expect, it } from "vitest";
import { fillNormal } from "../../../src/base/fill-normal.js";
import { normalPair, philox4x32, uniformFrom } from "../../../src/base/philox.js";
import { RandomStream } from "../../../src/base/random-stream.js";

describe("philox4x32-10", () => {
  // Known answers: kat_vectors of Random123 1.14.
  const ones = 0xffffffff;
  it.each([
    { counter: [0, 0, 0, 0], key: [0, 0], answer: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    {
      counter: [ones, ones, ones, ones],
      key: [ones, ones],
      answer: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      answer: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as const)("gives the published words for counter $counter", ({ counter, key, answer }) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    expect([...out]).toEqual([...answer]);
  });

  it("maps words to [0, 1) and never to an infinite normal number", () => {
    expect(uniformFrom(0)).toBe(0);
    expect(uniformFrom(0xffffffff)).toBe(1 - 2 ** -24);
    expect(normalPair(0, 0)).toEqual([0, 0].map((z) => expect.closeTo(z, 12)));
    expect(Number.isFinite(normalPair(1 - 2 ** -24, 0)[0])).toBe(true);
    const [z0, z1] = normalPair(0.5, 0.125);
    expect(z0).toBeCloseTo(Math.sqrt(Math.log(2)), 12);
    expect(z1).toBeCloseTo(Math.sqrt(Math.log(2)), 12);
  });
});

describe("fillNormal", () => {
  it("gives the numbers of normalPair to float32, at its counters", () => {
    const out = new Float32Array(200_000);
    const block = 2 ** 32 - 10_000; // the low counter word runs over
    fillNormal(out, 0.5, block, 7, 8, 9, 10);
    const words = new Uint32Array(4);
    let worst = 0;
    for (let i = 0; i < out.length; i += 4) {
      const counter = block + i / 4;
      philox4x32([counter >>> 0, Math.floor(counter / 2 ** 32), 7, 8], [9, 10], words);
      const [u0, u1, u2, u3] = [...words].map(uniformFrom);
      [...normalPair(u0, u1), ...normalPair(u2, u3)].forEach((z, k) => {
        worst = Math.max(worst, Math.abs(out[i + k] - 0.5 * z) / (1e-3 + Math.abs(0.5 * z)));
      });
    }
    expect(worst).toBeLessThan(2 ** -23);
  });
});

describe("RandomStream", () => {
  it("continues from its state to the same numbers", () => {
    const stream = new RandomStream(2 ** 40 + 7, 3);
    for (let i = 0; i < 13; i++) stream.uniform();
    const copy = RandomStream.from(JSON.parse(JSON.stringify(stream.state)));
    const draw = (s: RandomStream) => [s.uniform(), s.normal(), s.integer(10), ...s.shuffle([1, 2, 3, 4, 5])];
    expect(draw(copy)).toEqual(draw(stream));
  });

  it("differs between seeds, their high words, and streams", () => {
    const first = (seed: number, stream: number) => new RandomStream(seed, stream).word();
    const words = [first(1, 0), first(1 + 2 ** 32, 0), first(2, 0), first(1, 1)];
    expect(new Set(words).size).toBe(4);
  });

  it("draws moments of the uniform and normal distributions", () => {
    const n = 40_000;
    const normals = new Float32Array(n);
    new RandomStream(5).fillNormal(normals, 2);
    const moment = (power: number) => normals.reduce((sum, z) => sum + (z / 2) ** power, 0) / n;
    // Standard errors of the first four moments of n normal numbers, times five.
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    const stream = new RandomStream(6);
    let mean = 0;
    for (let i = 0; i < n; i++) mean += stream.uniform() / n;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
  });

  it("draws integers evenly and shuffles to a permutation", () => {
    const stream = new RandomStream(9);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[stream.integer(7)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
    const order = stream.shuffle(Uint32Array.from({ length: 50 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it("fills a part of a block with the numbers of the whole one", () => {
    const whole = new Float32Array(8);
    const part = new Float32Array(7);
    new RandomStream(1).fillNormal(whole);
    new RandomStream(1).fillNormal(part);
    expect([...part]).toEqual([...whole.subarray(0, 7)]);
    expect(whole[0]).not.toBe(whole[4]);
  });
});
