// y[s, i, j] = sum over k of a[s, i, k] b[s, k, j]; either side may be stored transposed, or be one for all s.
#include "include/gemm.wgsl"

struct Params {
  gemm: Gemm,
  m: u32,
  n: u32,
  k: u32,
  aStep: u32, // elements from one matrix of the batch to the next
  bStep: u32,
}
@group(0) @binding(0) var<uniform> p: Params;

struct Problem {
  m: u32,
  n: u32,
  k: u32,
  a: u32,
  b: u32,
  y: u32,
}

fn problem(z: u32) -> Problem {
  return Problem(p.m, p.n, p.k, z * p.aStep, z * p.bStep, z * p.m * p.n);
}

struct RowA {
  start: u32,
}

fn rowOfA(g: Problem, row: u32) -> RowA {
  return RowA(g.a + row * select(g.k, 1u, A_ALONG_M));
}

fn indexA(g: Problem, r: RowA, k: u32) -> u32 {
  return r.start + k * select(1u, g.m, A_ALONG_M);
}

fn indexB(g: Problem, k: u32, column: u32) -> u32 {
  if (B_ALONG_K) {
    return g.b + column * g.k + k;
  }
  return g.b + k * g.n + column;
}

fn loadA(g: Problem, r: RowA, k: u32) -> f32 {
  return readA(indexA(g, r, k));
}

fn loadA4(g: Problem, r: RowA, k: u32) -> vec4f {
  return readA4(indexA(g, r, k));
}

fn loadB(g: Problem, k: u32, column: u32) -> f32 {
  return readB(indexB(g, k, column));
}

fn loadB4(g: Problem, k: u32, column: u32) -> vec4f {
  return readB4(indexB(g, k, column));
}

fn rowOfY(g: Problem, row: u32) -> u32 {
  return g.y + row * g.n;
}

fn firstChannel(g: Problem) -> u32 {
  return 0u;
}
