// Rows of a matrix chosen by number: y[i] = x[indices[i]], 0 where that is no row. One element a thread; bits are copied, not
// numbers.
#include "include/fold.wgsl"

struct Params {
  size: u32,
  columns: u32,
  rows: u32,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> x: array<u32>;
@group(1) @binding(1) var<storage, read> indices: array<f32>;
@group(1) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let index = indices[i / p.columns];
  var value = 0u;
  if (index >= 0.0 && index < f32(p.rows) && floor(index) == index) {
    value = x[u32(index) * p.columns + i % p.columns];
  }
  y[i] = value;
}
