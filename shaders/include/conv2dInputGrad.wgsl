// conv2dInputGrad as a product: a row is a pixel (n, y, x) of dx, k is a tap and an output channel (p, q, o), a column is an
// input channel c. A is dy, gathered as it is loaded; B is w, whose o is contiguous, so B lies along k.
//   dx[(n,y,x), c] = sum over (p,q,o) of dy[n, (y + top - p dy)/sy, (x + left - q dx)/sx, o] w[p,q,c,o]
// where the quotients are whole numbers. With a stride only every sy-th tap meets a given y, and pixels whose y agree
// modulo sy meet the same taps: each such phase is a product of its own, and no tap that cannot meet is visited.
// With x upsampled by u, dx sums over the u x u repetitions (a, b) of its pixel, and k is (a, b, p, q, o).
#include "include/convolution.wgsl"

struct Problem {
  m: u32,
  n: u32,
  k: u32,
  group: u32,
  phaseY: u32,
  phaseX: u32,
  rows: u32, // pixels of the phase, downwards and across
  columns: u32,
  tapY: u32, // the first tap that the phase meets, and how many
  tapX: u32,
  tapsY: u32,
  tapsX: u32,
}

/** The first p for which phase + padding - p dilation is a multiple of the stride; `taps` if there is none. */
fn firstTap(phase: u32, padding: i32, dilation: i32, stride: i32, period: u32, taps: u32) -> u32 {
  for (var t = 0u; t < period; t++) {
    if ((i32(phase) + padding - i32(t) * dilation) % stride == 0) {
      return t;
    }
  }
  return taps;
}

fn tapsFrom(first: u32, period: u32, taps: u32) -> u32 {
  return select((taps - first + period - 1u) / period, 0u, first >= taps);
}

fn problem(z: u32) -> Problem {
  var g: Problem;
  g.phaseX = z % p.phasesX;
  g.phaseY = (z / p.phasesX) % p.phasesY;
  g.group = z / (p.phasesX * p.phasesY);
  g.rows = (p.height - min(g.phaseY, p.height) + p.phasesY - 1u) / p.phasesY;
  g.columns = (p.width - min(g.phaseX, p.width) + p.phasesX - 1u) / p.phasesX;
  g.tapY = 0u;
  g.tapX = 0u;
  if (UPSAMPLE == 1) {
    g.tapY = firstTap(g.phaseY, p.top, p.dilationY, p.strideY, p.periodY, p.kh);
    g.tapX = firstTap(g.phaseX, p.left, p.dilationX, p.strideX, p.periodX, p.kw);
  }
  g.tapsY = tapsFrom(g.tapY, p.periodY, p.kh);
  g.tapsX = tapsFrom(g.tapX, p.periodX, p.kw);
  g.m = p.images * g.rows * g.columns;
  g.n = p.ciGroup;
  g.k = u32(UPSAMPLE * UPSAMPLE) * g.tapsY * g.tapsX * p.coGroup;
  return g;
}

struct RowA {
  image: u32,
  y: i32, // with the padding
  x: i32,
}

fn pixelOf(g: Problem, row: u32) -> vec3u {
  let column = divide(row, g.columns); // (line, column)
  let line = divide(column.x, g.rows); // (image, row)
  return vec3u(line.x, line.y * p.phasesY + g.phaseY, column.y * p.phasesX + g.phaseX);
}

fn rowOfA(g: Problem, row: u32) -> RowA {
  let pixel = pixelOf(g, row);
  return RowA(pixel.x, i32(pixel.y) * UPSAMPLE + p.top, i32(pixel.z) * UPSAMPLE + p.left);
}

struct Tap {
  p: u32,
  q: u32,
  o: u32,
  a: u32, // repetition
  b: u32,
}

fn tapOf(g: Problem, k: u32) -> Tap {
  let channel = divide(k, p.coGroup); // (tap, o)
  let across = divide(channel.x, g.tapsX);
  let q = g.tapX + across.y * p.periodX;
  if (UPSAMPLE == 1) {
    return Tap(g.tapY + across.x * p.periodY, q, channel.y, 0u, 0u);
  }
  let down = divide(across.x, g.tapsY); // (repetition, p)
  return Tap(g.tapY + down.y * p.periodY, q, channel.y, down.x / u32(UPSAMPLE), down.x % u32(UPSAMPLE));
}

fn indexA(g: Problem, r: RowA, k: u32) -> i32 {
  let tap = tapOf(g, k);
  let y = r.y + i32(tap.a) - i32(tap.p) * p.dilationY;
  let x = r.x + i32(tap.b) - i32(tap.q) * p.dilationX;
  let i = divideDown(y, p.strideY);
  let j = divideDown(x, p.strideX);
  let meets = y >= 0 && x >= 0 && i * p.strideY == y && j * p.strideX == x && i < i32(p.oh) && j < i32(p.ow);
  let at = ((i32(r.image * p.oh) + i) * i32(p.ow) + j) * i32(p.co) + i32(g.group * p.coGroup + tap.o);
  return select(-1, at, meets);
}

fn loadA(g: Problem, r: RowA, k: u32) -> f32 {
  let at = indexA(g, r, k);
  if (at < 0) {
    return 0.0;
  }
  return readA(u32(at));
}

fn loadA4(g: Problem, r: RowA, k: u32) -> vec4f {
  let at = indexA(g, r, k);
  if (at < 0) {
    return vec4f(0.0);
  }
  return readA4(u32(at));
}

fn indexB(g: Problem, k: u32, column: u32) -> u32 {
  let tap = tapOf(g, k);
  return ((tap.p * p.kw + tap.q) * p.ciGroup + column) * p.co + g.group * p.coGroup + tap.o;
}

fn loadB(g: Problem, k: u32, column: u32) -> f32 {
  return readB(indexB(g, k, column));
}

fn loadB4(g: Problem, k: u32, column: u32) -> vec4f {
  return readB4(indexB(g, k, column));
}

fn rowOfY(g: Problem, row: u32) -> u32 {
  let pixel = pixelOf(g, row);
  return ((pixel.x * p.height + pixel.y) * p.width + pixel.z) * p.ci + g.group * p.ciGroup;
}

fn firstChannel(g: Problem) -> u32 {
  return g.group * p.ciGroup;
}
