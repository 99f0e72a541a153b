// One thread a row: best for few columns, as in a classifier of ten classes.
#include "include/softmax.wgsl"

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = groupIndex(group, groups) * 256u + lane;
  if (row >= p.rows) {
    return;
  }
  let start = row * p.columns;
  var largest = p.lowest;
  for (var j = 0u; j < p.columns; j++) {
    largest = largerNumber(largest, x[start + j]);
  }
  var sum = 0.0;
  for (var j = 0u; j < p.columns; j++) {
    sum += exp(x[start + j] - largest);
  }
  let logSum = logarithm(sum);
  for (var j = 0u; j < p.columns; j++) {
    let shifted = x[start + j] - largest;
    if (LOG) {
      y[start + j] = shifted - logSum;
    } else {
      y[start + j] = exp(shifted) / sum;
    }
  }
}
