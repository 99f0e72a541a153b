// Axis 1: a workgroup a row. dx = inverseStd (dy - mean(dy) - y mean(dy y))
#include "include/fold.wgsl"
#include "include/rows.wgsl"

struct Params {
  rows: u32,
  columns: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> y: array<f32>;
@group(1) @binding(1) var<storage, read> inverseStds: array<f32>;
@group(1) @binding(2) var<storage, read> dy: array<f32>;
@group(1) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = groupIndex(group, groups);
  if (row >= p.rows) {
    return;
  }
  let start = row * p.columns;
  var sum = 0.0;
  var sumWithY = 0.0;
  for (var j = lane; j < p.columns; j += 256u) {
    sum += dy[start + j];
    sumWithY += dy[start + j] * y[start + j];
  }
  let mean = sumOfGroup(sum, lane) / f32(p.columns);
  let meanWithY = sumOfGroup(sumWithY, lane) / f32(p.columns);
  let inverseStd = inverseStds[row];
  for (var j = lane; j < p.columns; j += 256u) {
    dx[start + j] = inverseStd * (dy[start + j] - mean - y[start + j] * meanWithY);
  }
}
