// Axis 0, third of three: dx = inverseStd (dy - mean(dy) - y mean(dy y))
#include "include/columns.wgsl"

@group(1) @binding(0) var<storage, read> y: array<f32>;
@group(1) @binding(1) var<storage, read> inverseStds: array<f32>;
@group(1) @binding(2) var<storage, read> dy: array<f32>;
@group(1) @binding(3) var<storage, read> means: array<vec2f>;
@group(1) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.rows * p.columns) {
    return;
  }
  let column = i % p.columns;
  dx[i] = inverseStds[column] * (dy[i] - means[column].x - y[i] * means[column].y);
}
