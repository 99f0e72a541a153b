// Axis 1 (layer normalisation): a workgroup a row. The variance is taken about the mean in a second pass, which loses no
// digits when the mean is large.
#include "include/fold.wgsl"
#include "include/rows.wgsl"

struct Params {
  rows: u32,
  columns: u32,
  epsilon: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> y: array<f32>;
@group(1) @binding(2) var<storage, read_write> means: array<f32>;
@group(1) @binding(3) var<storage, read_write> inverseStds: array<f32>;
@group(1) @binding(4) var<storage, read_write> variances: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = groupIndex(group, groups);
  if (row >= p.rows) {
    return;
  }
  let start = row * p.columns;
  var part = 0.0;
  for (var j = lane; j < p.columns; j += 256u) {
    part += x[start + j];
  }
  let mean = sumOfGroup(part, lane) / f32(p.columns);
  part = 0.0;
  for (var j = lane; j < p.columns; j += 256u) {
    let d = x[start + j] - mean;
    part += d * d;
  }
  let variance = sumOfGroup(part, lane) / f32(p.columns);
  let inverseStd = 1.0 / sqrt(variance + p.epsilon);
  for (var j = lane; j < p.columns; j += 256u) {
    y[start + j] = (x[start + j] - mean) * inverseStd;
  }
  if (lane == 0u) {
    means[row] = mean;
    inverseStds[row] = inverseStd;
    variances[row] = variance;
  }
}
