// Where to learn: places of images drawn as often as they have detail. Flat places teach little, yet most pictures are full of them;
// drawing tiles of 180 pixels from the half with the most detail was worth 0.15 dB of Gaussian denoising, and a weighted draw keeps some
// flat ones too. Which patch is cut out there is patches.ts.

/** An image's levels, as patches.ts keeps them. */
interface Levels {
  readonly width: number;
  readonly height: number;
  readonly levels: Uint8Array | Uint16Array;
}

/** Side of the squares that are weighed. */
const CELL = 32;
/** Of all draws, those from anywhere. */
const ANYWHERE = 0.1;

export interface Place {
  readonly image: number;
  /** The square's corner. */
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

/** Squares of all images, each drawn with a probability that grows with its detail. */
export class DetailDraw {
  /** Running sums of the probabilities of the squares of all images, one after the other. */
  private readonly sums: Float64Array;
  /** The number of each image's first square. */
  private readonly first: number[] = [];
  private readonly columns: number[] = [];

  constructor(images: readonly Levels[], channels: number) {
    const weights = images.map((image) => detailOf(image, channels));
    let count = 0;
    for (const [i, list] of weights.entries()) {
      this.first.push(count);
      this.columns.push(Math.ceil(images[i].width / CELL));
      count += list.length;
    }
    const all = weights.flat();
    const total = all.reduce((a, b) => a + b, 0);
    this.sums = new Float64Array(count);
    let sum = 0;
    for (const [i, weight] of all.entries()) {
      sum += total > 0 ? (1 - ANYWHERE) * (weight / total) + ANYWHERE / count : 1 / count;
      this.sums[i] = sum;
    }
  }

  /** @param at in [0, 1): evenly drawn */
  place(at: number): Place {
    const square = firstAbove(this.sums, at * this.sums[this.sums.length - 1]);
    const image = firstAbove(this.first, square) - 1;
    const inside = square - this.first[image];
    const columns = this.columns[image];
    return {
      image,
      left: (inside % columns) * CELL,
      top: Math.floor(inside / columns) * CELL,
      size: CELL,
    };
  }
}

/** The place of the first number above `value` in a rising list; the last place where there is none above. */
function firstAbove(list: ArrayLike<number>, value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** log(1 + L²), L in steps of a hundredth of a grey level would be exact enough; here by whole levels of |L|. */
const LOG = Float64Array.from({ length: 8 * 256 }, (_, i) => Math.log1p(i * i));

/** Of each square, row by row: the sum over its pixels of log(1 + Laplacian²) of green (or grey), in 8-bit levels. */
function detailOf({ width, height, levels }: Levels, channels: number): number[] {
  const columns = Math.ceil(width / CELL);
  const sums = new Array<number>(columns * Math.ceil(height / CELL)).fill(0);
  const green = channels === 3 ? 1 : 0;
  const perLevel = levels instanceof Uint16Array ? 257 : 1;
  const down = width * channels;
  for (let y = 1; y < height - 1; y++) {
    const row = Math.floor(y / CELL) * columns;
    for (let x = 1, i = y * down + channels + green; x < width - 1; x++, i += channels) {
      const laplacian =
        levels[i - channels] + levels[i + channels] + levels[i - down] + levels[i + down] - 4 * levels[i];
      sums[row + Math.floor(x / CELL)] += LOG[Math.round(Math.abs(laplacian) / perLevel)];
    }
  }
  return sums;
}
