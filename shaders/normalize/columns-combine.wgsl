// Axis 0, second of three: the chunks' moments become the columns' (Chan, Golub and LeVeque, 1983):
// mean = sum n_i mean_i / n, squares = sum squares_i + n_i (mean_i - mean)^2
#include "include/columns.wgsl"

@group(1) @binding(0) var<storage, read> moments: array<vec2f>;
@group(1) @binding(1) var<storage, read_write> means: array<f32>;
@group(1) @binding(2) var<storage, read_write> inverseStds: array<f32>;
@group(1) @binding(3) var<storage, read_write> variances: array<f32>;

fn rowsOf(chunk: u32) -> f32 {
  return f32(min((chunk + 1u) * p.chunkRows, p.rows) - chunk * p.chunkRows);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = groupIndex(group, groups) * 256u + lane;
  if (column >= p.columns) {
    return;
  }
  var sum = 0.0;
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    sum += rowsOf(chunk) * moments[chunk * p.columns + column].x;
  }
  let mean = sum / f32(p.rows);
  var squares = 0.0;
  for (var chunk = 0u; chunk < p.chunks; chunk++) {
    let moment = moments[chunk * p.columns + column];
    let d = moment.x - mean;
    squares += moment.y + rowsOf(chunk) * d * d;
  }
  let variance = squares / f32(p.rows);
  means[column] = mean;
  inverseStds[column] = 1.0 / sqrt(variance + p.epsilon);
  variances[column] = variance;
}
