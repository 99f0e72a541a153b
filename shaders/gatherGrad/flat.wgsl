// The adjoint of gather: dx[r] = sum of dy[i] over every i with indices[i] = r. One element of dx a thread, which walks all indices:
// without atomic additions of floats, sums are in one order.
#include "include/fold.wgsl"

struct Params {
  size: u32,
  columns: u32,
  rows: u32,
  count: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> dy: array<f32>;
@group(1) @binding(1) var<storage, read> indices: array<f32>;
@group(1) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let row = f32(i / p.columns);
  let column = i % p.columns;
  var sum = 0.0;
  for (var k = 0u; k < p.count; k++) {
    if (indices[k] == row) {
      sum += dy[k * p.columns + column];
    }
  }
  dx[i] = sum;
}
