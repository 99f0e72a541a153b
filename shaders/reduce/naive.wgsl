// One thread an output: the reduction as it is written. Few outputs leave most of the GPU idle.
#include "include/reduce.wgsl"

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.outer * p.chunks * p.inner) {
    return;
  }
  let column = i % p.inner;
  let chunk = (i / p.inner) % p.chunks;
  let outer = i / (p.inner * p.chunks);
  let end = min((chunk + 1u) * p.chunkLength, p.length);
  var total = p.start;
  for (var k = chunk * p.chunkLength; k < end; k++) {
    total = combine(total, x[(outer * p.length + k) * p.inner + column]);
  }
  y[i] = total / p.divisor;
}
