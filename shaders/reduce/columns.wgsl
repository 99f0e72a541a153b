// For inner > 1: a workgroup takes 32 neighbouring columns and lets 8 threads share each, so that reads stay together
// and short columns still fill the GPU.
#include "include/reduce.wgsl"

const COLUMNS = 32u;
const SHARERS = 8u;
var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let blocks = (p.inner + COLUMNS - 1u) / COLUMNS;
  let piece = groupIndex(group, groups);
  if (piece >= p.outer * p.chunks * blocks) {
    return;
  }
  let column = (piece % blocks) * COLUMNS + lane % COLUMNS;
  let output = piece / blocks; // outer * chunks + chunk
  let chunk = output % p.chunks;
  let outer = output / p.chunks;
  let end = min((chunk + 1u) * p.chunkLength, p.length);
  var total = p.start;
  if (column < p.inner) {
    for (var k = chunk * p.chunkLength + lane / COLUMNS; k < end; k += SHARERS) {
      total = combine(total, x[(outer * p.length + k) * p.inner + column]);
    }
  }
  partial[lane] = total;
  for (var half = SHARERS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half * COLUMNS) {
      partial[lane] = combine(partial[lane], partial[lane + half * COLUMNS]);
    }
  }
  if (lane < COLUMNS && column < p.inner) {
    y[output * p.inner + column] = partial[lane] / p.divisor;
  }
}
