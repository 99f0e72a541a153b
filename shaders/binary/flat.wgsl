// y = a f b for operands of y's shape, or whose shape repeats along y's leading axes (a bias, a single number).
#include "include/fold.wgsl"
#include "include/functions.wgsl"

override FUNCTION: u32;
override A_REPEATS = false;
override B_REPEATS = false;

struct Params {
  size: u32,
  aSize: u32,
  bSize: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> a: array<f32>;
@group(1) @binding(1) var<storage, read> b: array<f32>;
@group(1) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  var ai = i;
  var bi = i;
  if (A_REPEATS) {
    ai = i % p.aSize;
  }
  if (B_REPEATS) {
    bi = i % p.bSize;
  }
  y[i] = binaryValue(FUNCTION, a[ai], b[bi]);
}
