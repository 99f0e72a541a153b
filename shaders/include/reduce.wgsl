// What the reductions share: x is [outer, length, inner] and is reduced over the middle, in `chunks` pieces of
// `chunkLength` (the last may be shorter), so y is [outer, chunks, inner].
#include "include/fold.wgsl"
#include "include/math.wgsl"

override FUNCTION = 0u; // 0: sum, 1: max, 2: min

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  chunks: u32,
  chunkLength: u32,
  start: f32, // of an empty reduction
  divisor: f32, // the mean's count
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> y: array<f32>;

fn combine(a: f32, b: f32) -> f32 {
  switch (FUNCTION) {
    case 1u: { return select(select(b, a, a > b), a, isNan(a)); }
    case 2u: { return select(select(b, a, a < b), a, isNan(a)); }
    default: { return a + b; }
  }
}
