// For inner = 1 (the last axis): a workgroup an output. Neighbouring threads read neighbouring elements, then the 256
// partial results are combined by halves in workgroup memory.
#include "include/reduce.wgsl"

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let output = groupIndex(group, groups);
  if (output >= p.outer * p.chunks) {
    return;
  }
  let chunk = output % p.chunks;
  let row = (output / p.chunks) * p.length;
  let end = min((chunk + 1u) * p.chunkLength, p.length);
  var total = p.start;
  for (var k = chunk * p.chunkLength + lane; k < end; k += 256u) {
    total = combine(total, x[row + k]);
  }
  partial[lane] = total;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      partial[lane] = combine(partial[lane], partial[lane + half]);
    }
  }
  if (lane == 0u) {
    y[output] = partial[0] / p.divisor;
  }
}
