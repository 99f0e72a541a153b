// Bayer mosaics: a sensor sees one of red, green and blue at each pixel; demosaicing fills in the other two. Two ways:
// bilinear, and along edges after Hamilton and Adams (US patent 5,629,734, 1997, long expired).

/** Where the pattern begins: its red pixels have x % 2 = x0 and y % 2 = y0, its blue ones the other remainders. */
export interface BayerPhase {
  readonly x0: 0 | 1;
  readonly y0: 0 | 1;
}

/** The colour that the sensor sees at (x, y): 0 red, 1 green, 2 blue. */
export function bayerColour(x: number, y: number, { x0, y0 }: BayerPhase): 0 | 1 | 2 {
  const redColumn = (x & 1) === x0;
  const redRow = (y & 1) === y0;
  return redColumn !== redRow ? 1 : redRow ? 0 : 2;
}

export type DemosaicMethod = "bilinear" | "edge-aware";

/**
 * A mosaic [height, width] as RGB [height, width, 3].
 * @param width at least 4, as `height`: the borders are continued by reflection, which keeps the pattern
 */
export function demosaic(
  mosaic: Float32Array,
  width: number,
  height: number,
  phase: BayerPhase,
  method: DemosaicMethod,
): Float32Array {
  const raw = new Padded(mosaic, width, height);
  const green = method === "bilinear" ? bilinearGreen(raw, phase) : edgeAwareGreen(raw, phase);
  return withRedAndBlue(raw, green, phase, method === "edge-aware");
}

const PAD = 2;

/** A plane with two reflected pixels all round it, so that inner loops need no borders. */
class Padded {
  readonly stride: number;
  readonly data: Float32Array;

  constructor(
    plane: Float32Array,
    readonly width: number,
    readonly height: number,
  ) {
    this.stride = width + 2 * PAD;
    this.data = new Float32Array(this.stride * (height + 2 * PAD));
    for (let y = 0; y < height; y++)
      this.data.set(plane.subarray(y * width, (y + 1) * width), (y + PAD) * this.stride + PAD);
    this.reflectBorders();
  }

  at(x: number, y: number): number {
    return (y + PAD) * this.stride + x + PAD;
  }

  reflectBorders(): void {
    const { data, stride, width, height } = this;
    for (let y = 0; y < height; y++)
      for (let i = 1; i <= PAD; i++) {
        data[this.at(-i, y)] = data[this.at(i, y)];
        data[this.at(width - 1 + i, y)] = data[this.at(width - 1 - i, y)];
      }
    const copyRow = (to: number, from: number) =>
      data.copyWithin(this.at(-PAD, to), this.at(-PAD, from), this.at(-PAD, from) + stride);
    for (let i = 1; i <= PAD; i++) {
      copyRow(-i, i);
      copyRow(height - 1 + i, height - 1 - i);
    }
  }
}

/** An empty plane of the same size, to be filled inside and then reflected. */
const like = ({ width, height }: Padded): Padded =>
  new Padded(new Float32Array(width * height), width, height);

function bilinearGreen(raw: Padded, phase: BayerPhase): Padded {
  const green = like(raw);
  const { data, stride, width, height } = raw;
  for (let y = 0; y < height; y++)
    for (let x = 0, i = raw.at(0, y); x < width; x++, i++)
      green.data[i] =
        bayerColour(x, y, phase) === 1
          ? data[i]
          : 0.25 * (data[i - 1] + data[i + 1] + data[i - stride] + data[i + stride]);
  green.reflectBorders();
  return green;
}

/** Green where red or blue was seen: from the direction that changes less, mended by the seen colour's own curvature. */
function edgeAwareGreen(raw: Padded, phase: BayerPhase): Padded {
  const green = like(raw);
  const { data, stride, width, height } = raw;
  for (let y = 0; y < height; y++)
    for (let x = 0, i = raw.at(0, y); x < width; x++, i++) {
      if (bayerColour(x, y, phase) === 1) {
        green.data[i] = data[i];
        continue;
      }
      const [left, right, above, below] = [data[i - 1], data[i + 1], data[i - stride], data[i + stride]];
      const curveX = 2 * data[i] - data[i - 2] - data[i + 2];
      const curveY = 2 * data[i] - data[i - 2 * stride] - data[i + 2 * stride];
      const changeX = Math.abs(left - right) + Math.abs(curveX);
      const changeY = Math.abs(above - below) + Math.abs(curveY);
      const alongX = 0.5 * (left + right) + 0.25 * curveX;
      const alongY = 0.5 * (above + below) + 0.25 * curveY;
      green.data[i] = changeX < changeY ? alongX : changeY < changeX ? alongY : 0.5 * (alongX + alongY);
    }
  green.reflectBorders();
  return green;
}

/** Red and blue as means of the nearest ones seen; with `byDifference` means of their difference from green. */
function withRedAndBlue(raw: Padded, green: Padded, phase: BayerPhase, byDifference: boolean): Float32Array {
  const { stride, width, height } = raw;
  const out = new Float32Array(3 * width * height);
  const d = byDifference ? raw.data.map((value, i) => value - green.data[i]) : raw.data;
  let at = 0;
  for (let y = 0; y < height; y++) {
    const horizontal = (y & 1) === phase.y0 ? 0 : 2; // the colour beside a green pixel of this row
    for (let x = 0, i = raw.at(0, y); x < width; x++, i++, at += 3) {
      const g = green.data[i];
      const base = byDifference ? g : 0;
      const colour = bayerColour(x, y, phase);
      out[at + 1] = g;
      if (colour === 1) {
        out[at + horizontal] = base + 0.5 * (d[i - 1] + d[i + 1]);
        out[at + 2 - horizontal] = base + 0.5 * (d[i - stride] + d[i + stride]);
      } else {
        out[at + colour] = raw.data[i];
        out[at + 2 - colour] =
          base + 0.25 * (d[i - stride - 1] + d[i - stride + 1] + d[i + stride - 1] + d[i + stride + 1]);
      }
    }
  }
  return out;
}
