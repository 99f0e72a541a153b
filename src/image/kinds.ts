// What kind of file these bytes are: one that is read, or one that is known by name and refused with what to do instead.
// A file's first bytes say it; its name does not, but for raw files of cameras that look like TIFF.

import { isRawTiff } from "./tiff-raw.js";
import type { Format } from "./metadata.js";

export type Kind =
  | { readonly format: Format }
  /** "a HEIC image", and what to do with it. */
  | { readonly refused: string; readonly instead: string };

const refused = (what: string, instead = "convert it to PNG, JPEG or TIFF"): Kind => ({
  refused: what,
  instead,
});
const raw = refused("a camera's raw file", "develop it and export a TIFF or JPEG");
const rawNames =
  /\.(dng|nef|nrw|arw|sr2|srf|pef|cr2|cr3|crw|orf|rw2|raf|raw|rwl|3fr|fff|iiq|kdc|dcr|dcs|mef|mos|erf|mrw|srw|x3f|gpr)$/i;

/** Undefined for bytes that are no image that is known. */
export function kindOf(bytes: Uint8Array, name: string): Kind | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 40));
  const begins = (...signatures: string[]) => signatures.some((s) => start.startsWith(s));
  if (begins("\x89PNG\r\n\x1a\n")) return { format: "png" };
  if (begins("\xff\xd8\xff")) return { format: "jpeg" };
  if (begins("RIFF") && start.slice(8, 12) === "WEBP") return { format: "webp" };
  if (begins("FUJIFILMCCD-RAW", "FOVb", "\0MRM", "IIRO", "IIRS", "MMOR", "IIU\0", "II\x1a\0\0\0HEAPCCDR"))
    return raw;
  if (begins("II*\0", "MM\0*")) return rawNames.test(name) || isRawTiff(bytes) ? raw : { format: "tiff" };
  if (begins("II+\0", "MM\0+")) return { format: "tiff" };
  if (start.slice(4, 8) === "ftyp") return isoMedia(bytes);
  if (begins("GIF8")) return refused("a GIF image", "convert it to PNG");
  if (begins("BM") && bytes[6] + bytes[7] + bytes[8] + bytes[9] === 0)
    return refused("a BMP image", "convert it to PNG");
  if (begins("\xff\x0a", "\0\0\0\x0cJXL ")) return refused("a JPEG XL image");
  if (begins("\0\0\0\x0cjP  ", "\xff\x4f\xff\x51")) return refused("a JPEG 2000 image");
  if (begins("8BPS")) return refused("a Photoshop document", "export a PNG or TIFF");
  if (begins("\x76\x2f\x31\x01")) return refused("an OpenEXR image");
  if (begins("#?RADIANCE", "#?RGBE")) return refused("a Radiance image");
  if (begins("II\xbc")) return refused("a JPEG XR image");
  if (begins("%PDF")) return refused("a PDF document", "export its pages as PNG or TIFF");
  if (begins("DDS ", "qoif", "\x8aMNG", "\x8bJNG")) return refused("an image of a kind that is not read");
  if (/^P[1-7][\s#]/.test(start)) return refused("a PNM image", "convert it to PNG");
  if (/^(\xef\xbb\xbf)?\s*(<\?xml[^>]*>?\s*)?<svg/.test(start))
    return refused("an SVG drawing", "export it as PNG");
  return undefined;
}

/** Files in boxes as MPEG-4 has them: the brands in the first box say which kind. */
function isoMedia(bytes: Uint8Array): Kind {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const brands = String.fromCharCode(...bytes.subarray(8, Math.min(length, 128, bytes.length)));
  const has = (...names: string[]) => names.some((brand) => brands.includes(brand));
  if (has("avis")) return refused("an animated AVIF", "take it apart first");
  if (has("avif")) return { format: "avif" };
  if (has("crx ")) return raw;
  if (has("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "heif"))
    return refused("a HEIC image", "convert it to JPEG or PNG, or let the phone save JPEG");
  return refused("a film or another kind of media", "give a picture");
}
