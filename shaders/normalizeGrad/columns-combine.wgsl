// Axis 0, second of three: the chunks' sums become the columns' means.
#include "include/columns.wgsl"

@group(1) @binding(0) var<storage, read> sums: array<vec2f>;
@group(1) @binding(1) var<storage, read_write> means: array<vec2f>; // [columns]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = groupIndex(group, groups) * 256u + lane;
  if (column >= p.columns) {
    return;
  }
  var sum = vec2f(0.0);
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    sum += sums[chunk * p.columns + column];
  }
  means[column] = sum / f32(p.rows);
}
