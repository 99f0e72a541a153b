// Whether a TIFF is a camera's raw file: its pictures are sensor data, or it says so itself. What such files show to a reader of
// TIFF is a small preview, which must not pass for the photograph.

import { firstIfd, nextIfd, readIfd } from "./ifd.js";

const dngVersion = 50706;
const [compression, photometric, subIfds, imageWidth] = [259, 262, 330, 256];
/** Colour filter array, and the same after demosaicing in linear light. */
const sensorData = [32803, 34892];
/** Ways to compress that only cameras use: Sony's, Nikon's, Kodak's, Pentax's, Samsung's. */
const cameraCompressions = [32767, 34713, 65000, 65535, 32769, 32770, 32772];

export function isRawTiff(bytes: Uint8Array): boolean {
  // Canon's CR2 and Phase One's IIQ put their names behind the header.
  const name = String.fromCharCode(...bytes.subarray(8, 12));
  if (name.startsWith("CR") || name === "IIII" || name === "MMMM") return true;
  for (let at = firstIfd(bytes), guard = 0; at > 0 && guard < 16; at = nextIfd(bytes, at), guard++) {
    const entries = readIfd(bytes, at);
    const parts = entries.filter(({ tag }) => tag === subIfds).flatMap(({ numbers }) => numbers);
    const all = [entries, ...parts.slice(0, 16).map((part) => readIfd(bytes, part))];
    if (all.some(isSensorData) || entries.some(({ tag }) => tag === dngVersion)) return true;
  }
  return false;
}

function isSensorData(entries: ReturnType<typeof readIfd>): boolean {
  const number = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.numbers[0] ?? -1;
  if (number(imageWidth) < 0) return false;
  return sensorData.includes(number(photometric)) || cameraCompressions.includes(number(compression));
}
