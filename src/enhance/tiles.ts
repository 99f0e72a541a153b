// Where to cut an image so that the pieces, restored one by one, give what the whole image would give.
//
// An output pixel depends on no input pixel further away than the model's receptive radius. So each window is restored with a
// margin of at least that radius around the part that is kept, except where the window's edge is the image's own edge: there
// the model sees the border of the image, as it would untiled. All windows have one size, so that one program serves them all;
// the last one of a row is shifted inwards. Arithmetic only; running the windows is denoiser.ts.

/** Along one axis: the window [start, start + tile), of which [keepFrom, keepTo) is kept. In pixels of the padded image. */
export interface Span {
  readonly start: number;
  readonly keepFrom: number;
  readonly keepTo: number;
}

/** How a model must be cut; see ImageModel. */
export interface TileRules {
  /** Windows begin at multiples of this, and have a size that is one. */
  readonly alignment: number;
  /** Pixels beside the kept part that a window must see: the receptive radius, rounded up to the alignment. */
  readonly margin: number;
}

export const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

/** The smallest window that keeps anything. */
export const leastTile = ({ alignment, margin }: TileRules): number => 2 * margin + alignment;

/**
 * The window size for an axis of `length` pixels: at most `wanted`, and no larger than the number of windows asks for, so that
 * the last one overlaps no more than the others.
 */
export function balancedTile(length: number, wanted: number, rules: TileRules): number {
  if (wanted >= length) return length;
  const { alignment, margin } = rules;
  const useful = wanted - 2 * margin;
  const count = Math.ceil((length - 2 * margin) / useful);
  return Math.min(wanted, roundUp(Math.ceil((length - 2 * margin) / count) + 2 * margin, alignment));
}

/**
 * Ways to cut [height, width] pixels evenly, as the windows' [height, width]: the one that computes the fewest pixels, margins
 * included, comes first, and the smallest window last of those that compute as many.
 */
export function evenCuts(height: number, width: number, rules: TileRules): (readonly [number, number])[] {
  const sizes = (length: number): number[] => {
    const least = Math.min(length, leastTile(rules));
    const found = new Set([length]);
    for (let wanted = length, windows = 2; wanted > least; windows = Math.ceil(windows * 1.1)) {
      const useful = roundUp(Math.ceil((length - 2 * rules.margin) / windows), rules.alignment);
      wanted = Math.max(least, useful + 2 * rules.margin);
      found.add(balancedTile(length, wanted, rules));
    }
    return [...found];
  };
  const computed = (length: number, tile: number): number => spansAlong(length, tile, rules).length * tile;
  const cuts = sizes(height).flatMap((h) => sizes(width).map((w) => [h, w] as const));
  const cost = new Map(cuts.map((cut) => [cut, computed(height, cut[0]) * computed(width, cut[1])]));
  return cuts.sort((a, b) => cost.get(a)! - cost.get(b)! || b[0] * b[1] - a[0] * a[1]);
}

/** The windows of size `tile` that cover an axis of `length` pixels; each pixel is kept exactly once. */
export function spansAlong(length: number, tile: number, { margin }: TileRules): Span[] {
  const spans: Span[] = [];
  let kept = 0;
  for (let start = 0; kept < length; start += tile - 2 * margin) {
    const isLast = start + tile >= length;
    const first = isLast ? Math.max(0, length - tile) : start;
    const keepTo = isLast ? length : start + tile - margin;
    spans.push({ start: first, keepFrom: kept, keepTo });
    kept = keepTo;
  }
  return spans;
}

/** The pixel that stands at `i` when an axis of `n` pixels is continued by reflection, the border pixel not repeated. */
export function reflected(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const within = i % period;
  return within < n ? within : period - within;
}
