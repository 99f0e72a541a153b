// One workgroup a row: 256 threads share the columns, and meet for the maximum and for the sum.
#include "include/softmax.wgsl"

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = groupIndex(group, groups);
  if (row >= p.rows) {
    return;
  }
  let start = row * p.columns;
  var mine = p.lowest;
  for (var j = lane; j < p.columns; j += 256u) {
    mine = largerNumber(mine, x[start + j]);
  }
  let largest = largestOfGroup(mine, lane);
  var part = 0.0;
  for (var j = lane; j < p.columns; j += 256u) {
    part += exp(x[start + j] - largest);
  }
  let sum = sumOfGroup(part, lane);
  let logSum = logarithm(sum);
  for (var j = lane; j < p.columns; j += 256u) {
    let shifted = x[start + j] - largest;
    if (LOG) {
      y[start + j] = shifted - logSum;
    } else {
      y[start + j] = exp(shifted) / sum;
    }
  }
}
