// Axis 0 (batch normalisation), first of three: mean and sum of squared deviations of every column in every chunk.
#include "include/columns.wgsl"

@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> moments: array<vec2f>; // [chunks, columns] of (mean, squares)

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = (p.columns + COLUMNS - 1u) / COLUMNS;
  let piece = groupIndex(group, groups);
  if (piece >= p.chunks * blocks) {
    return;
  }
  let column = (piece % blocks) * COLUMNS + lane % COLUMNS;
  let chunk = piece / blocks;
  let first = chunk * p.chunkRows;
  let end = min(first + p.chunkRows, p.rows);
  let isInside = column < p.columns;
  var part = 0.0;
  if (isInside) {
    for (var row = first + lane / COLUMNS; row < end; row += SHARERS) {
      part += x[row * p.columns + column];
    }
  }
  let mean = sumOfColumn(vec2f(part, 0.0), lane).x / f32(end - first);
  part = 0.0;
  if (isInside) {
    for (var row = first + lane / COLUMNS; row < end; row += SHARERS) {
      let d = x[row * p.columns + column] - mean;
      part += d * d;
    }
  }
  let squares = sumOfColumn(vec2f(part, 0.0), lane).x;
  if (lane < COLUMNS && isInside) {
    moments[chunk * p.columns + column] = vec2f(mean, squares);
  }
}
