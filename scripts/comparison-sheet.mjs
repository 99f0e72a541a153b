// Writes docs/comparison.jpg: a noisy photograph by a bundled network and by classical methods, measured against the clean one. It is the
// sheet of `fovea compare`, whose command and figures it prints. Run after `npm run build`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { photographOf } from "../dist/cli/demo/photographs.js";
import { gaussianNoise } from "../dist/data/degrade/gaussian.js";
import { readImage, writeImage } from "../dist/image/files.js";
import { crop } from "../dist/image/image.js";
import { toImage, toPlane } from "../dist/image/plane.js";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const methods = "denoise-color,equalize,stretch,sharpen,gaussian";

const folder = mkdtempSync(join(tmpdir(), "fovea-comparison-"));
const [clean, noisy, sheet] = ["clean.png", "noisy.png", "sheet.png"].map((name) => join(folder, name));
const photograph = crop(await readImage(photographOf("dust-bowl-home")), 500, 170, 320, 280);
await writeImage(clean, photograph);
await writeImage(noisy, toImage(gaussianNoise(toPlane(photograph), 25, 1, 0)));
const command = ["compare", noisy, "--clean", clean, "--with", methods, "-o", sheet];
const { status } = spawnSync(process.execPath, [inProject("dist/cli/main.js"), ...command], {
  stdio: "inherit",
});
if (status === 0) await sharp(sheet).jpeg({ quality: 55 }).toFile(inProject("docs/comparison.jpg"));
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
