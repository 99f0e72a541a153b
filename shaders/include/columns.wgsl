// What the column statistics share: x is [rows, columns], cut into `chunks` of `chunkRows` rows. A workgroup takes 32
// columns of one chunk; 8 threads share each column.
#include "include/fold.wgsl"

struct Params {
  rows: u32,
  columns: u32,
  chunks: u32,
  chunkRows: u32,
  epsilon: f32,
}
@group(0) @binding(0) var<uniform> p: Params;

const COLUMNS = 32u;
const SHARERS = 8u;

var<workgroup> shares: array<vec2f, 256>;

/** The sum of `value` over the threads that share a column, for each of them. */
fn sumOfColumn(value: vec2f, lane: u32) -> vec2f {
  workgroupBarrier(); // the result of the call before has been read
  shares[lane] = value;
  for (var half = SHARERS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half * COLUMNS) {
      shares[lane] += shares[lane + half * COLUMNS];
    }
  }
  workgroupBarrier();
  return shares[lane % COLUMNS];
}
