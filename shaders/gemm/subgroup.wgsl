#include "gemm/store4.wgsl"

const ROWS = 8u; // of a subgroup

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) own: u32,
  @builtin(subgroup_size) size: u32,
) {
  // A workgroup takes 256 quads of columns of ROWS rows: each subgroup the next `size` of them.
  let id = groupIndex(group, groups);
  if (id >= tileCount(p.gemm)) {
    return;
  }
  let tile = tileOf(p.gemm, id);
  let g = problem(tile.problem);
  if (tile.row * ROWS >= g.m) {
    return;
  }
  let column = 4u * (tile.column * 256u + lane);
  let last = g.m - 1u;
  var rows: array<RowA, 8>;
  for (var i = 0u; i < ROWS; i++) {
    rows[i] = rowOfA(g, min(tile.row * ROWS + i, last));
  }
  var sums: array<vec4f, 8>;
  for (var k0 = 0u; k0 < g.k; k0 += size) {
    // Each lane holds column k0 + own of the rows of A; k at a time, every lane gets it from there.
    var held: array<f32, 8>;
    for (var i = 0u; i < ROWS; i++) {
      if (k0 + own < g.k) {
        held[i] = loadA(g, rows[i], k0 + own);
      }
    }
    let steps = min(size, g.k - k0);
    for (var k = 0u; k < steps; k++) {
      let b = loadB4(g, k0 + k, min(column, g.n - 4u));
      for (var i = 0u; i < ROWS; i++) {
        sums[i] += subgroupShuffle(held[i], k) * b;
      }
    }
  }
  if (column >= g.n) {
    return;
  }
  for (var i = 0u; i < ROWS; i++) {
    let row = tile.row * ROWS + i;
    if (row < g.m) {
      store4(g, rowOfY(g, row), column, sums[i], 0u);
    }
  }
}
