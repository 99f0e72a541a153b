// TensorBoard's event files: what is written is what TensorBoard's own reader has read (make_tensorboard.py), byte for byte.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { crc32c, eventRecord, firstRecord } from "../../src/formats/tensorboard.js";

interface Golden {
  events: { wallTime: number; step: number; scalars?: Record<string, number>; histograms?: Record<string, { min: number; max: number; counts: number[] }>; images?: Record<string, { height: number; width: number; channels: number; png: string }> }[]; // prettier-ignore
  file: string;
  read: {
    scalars: Record<string, [step: number, wallTime: number, value: number][]>;
    histograms: Record<string, [number, number, number, number, number, number, number[], number[]][]>;
    images: Record<string, [step: number, width: number, height: number, png: string][]>;
  };
}
const golden = JSON.parse(readFileSync(new URL("tensorboard.json", import.meta.url), "utf8")) as Golden;

const written = (): Buffer =>
  Buffer.concat([
    firstRecord(golden.events[0].wallTime),
    ...golden.events.map((event) =>
      eventRecord({
        ...event,
        images: Object.fromEntries(
          Object.entries(event.images ?? {}).map(([tag, image]) => [
            tag,
            { ...image, png: Uint8Array.from(Buffer.from(image.png, "base64")) },
          ]),
        ),
      }),
    ),
  ]);

it("CRC-32C gives the check value of its catalogue", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

it("writes the bytes that TensorBoard has read", () => {
  expect(written().toString("base64")).toBe(golden.file);
});

it("TensorBoard read what was meant", () => {
  const { events, read } = golden;
  for (const { step, wallTime, scalars, histograms, images } of events) {
    for (const [tag, value] of Object.entries(scalars ?? {}))
      expect(read.scalars[tag]).toContainEqual([step, wallTime, Math.fround(value)]);
    for (const [tag, { min, max, counts }] of Object.entries(histograms ?? {})) {
      const found = read.histograms[tag].find(([at]) => at === step)!;
      expect(found.slice(1, 4)).toEqual([min, max, counts.reduce((a, b) => a + b, 0)]);
      expect(found[6].at(-1)).toBe(max);
      expect(found[7]).toEqual(counts);
    }
    for (const [tag, { width, height, png }] of Object.entries(images ?? {}))
      expect(read.images[tag]).toContainEqual([step, width, height, png]);
  }
  expect(Object.keys(read.scalars).sort()).toEqual(["learning rate", "loss"]);
});
