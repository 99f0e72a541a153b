// conv2dWeightGrad as a product: a row is a tap and an input channel (p, q, c), k is an output pixel (n, i, j), a column is an
// output channel o. A is x, gathered as it is loaded, whose c is contiguous, so A lies along its rows; B is dy as it lies.
//   dw[(p,q,c), o] = sum over (n,i,j) of x[n, i sy + p dy - top, j sx + q dx - left, c] dy[(n,i,j), o]
// k is long and the result small: see SPLIT.
#include "include/convolution.wgsl"

struct Problem {
  m: u32,
  n: u32,
  k: u32,
  group: u32,
}

fn problem(z: u32) -> Problem {
  return Problem(p.kh * p.kw * p.ciGroup, p.coGroup, p.images * p.oh * p.ow, z);
}

struct RowA {
  channel: u32,
  y: i32,
  x: i32,
}

fn rowOfA(g: Problem, row: u32) -> RowA {
  let channel = divide(row, p.ciGroup); // (tap, c)
  let tap = divide(channel.x, p.kw); // (p, q)
  return RowA(g.group * p.ciGroup + channel.y, i32(tap.x) * p.dilationY - p.top, i32(tap.y) * p.dilationX - p.left);
}

fn indexA(g: Problem, r: RowA, k: u32) -> i32 {
  let column = divide(k, p.ow); // (line, j)
  let line = divide(column.x, p.oh); // (image, i)
  let at = pixelOfX(line.x, i32(line.y) * p.strideY + r.y, i32(column.y) * p.strideX + r.x);
  return select(at + i32(r.channel), -1, at < 0);
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
