// conv2d as a product: a row is an output pixel (n, i, j), k is a tap and an input channel (p, q, c), a column is an output
// channel o. A is x, gathered as it is loaded (no im2col buffer); B is w as it lies.
//   y[(n,i,j), o] = sum over (p,q,c) of x[n, i sy + p dy - top, j sx + q dx - left, c] w[(p,q,c), o]
#include "include/convolution.wgsl"

struct Problem {
  m: u32,
  n: u32,
  k: u32,
  group: u32,
}

fn problem(z: u32) -> Problem {
  return Problem(p.images * p.oh * p.ow, p.coGroup, p.kh * p.kw * p.ciGroup, z);
}

struct RowA {
  image: u32,
  y: i32, // of the window's first tap
  x: i32,
}

fn rowOfA(g: Problem, row: u32) -> RowA {
  let column = divide(row, p.ow); // (line, j)
  let line = divide(column.x, p.oh); // (image, i)
  return RowA(line.x, i32(line.y) * p.strideY - p.top, i32(column.y) * p.strideX - p.left);
}

/** -1: outside x, where it is 0 */
fn indexA(g: Problem, r: RowA, k: u32) -> i32 {
  let channel = divide(k, p.ciGroup); // (tap, c)
  let tap = divide(channel.x, p.kw); // (p, q)
  let at = pixelOfX(r.image, r.y + i32(tap.x) * p.dilationY, r.x + i32(tap.y) * p.dilationX);
  return select(at + i32(g.group * p.ciGroup + channel.y), -1, at < 0);
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

fn loadB(g: Problem, k: u32, column: u32) -> f32 {
  return readB(k * p.co + g.group * p.coGroup + column);
}

fn loadB4(g: Problem, k: u32, column: u32) -> vec4f {
  return readB4(k * p.co + g.group * p.coGroup + column);
}

fn rowOfY(g: Problem, row: u32) -> u32 {
  return row * p.co + g.group * p.coGroup;
}

fn firstChannel(g: Problem) -> u32 {
  return g.group * p.coGroup;
}
