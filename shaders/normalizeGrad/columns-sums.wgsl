// Axis 0, first of three: the sums of dy and of dy y of every column in every chunk.
#include "include/columns.wgsl"

@group(1) @binding(0) var<storage, read> y: array<f32>;
@group(1) @binding(1) var<storage, read> dy: array<f32>;
@group(1) @binding(2) var<storage, read_write> sums: array<vec2f>; // [chunks, columns]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = (p.columns + COLUMNS - 1u) / COLUMNS;
  let piece = groupIndex(group, groups);
  if (piece >= p.chunks * blocks) {
    return;
  }
  let column = (piece % blocks) * COLUMNS + lane % COLUMNS;
  let chunk = piece / blocks;
  let end = min((chunk + 1u) * p.chunkRows, p.rows);
  var part = vec2f(0.0);
  if (column < p.columns) {
    for (var row = chunk * p.chunkRows + lane / COLUMNS; row < end; row += SHARERS) {
      let i = row * p.columns + column;
      part += vec2f(dy[i], dy[i] * y[i]);
    }
  }
  let sum = sumOfColumn(part, lane);
  if (lane < COLUMNS && column < p.columns) {
    sums[chunk * p.columns + column] = sum;
  }
}
