#include "gemm/store.wgsl"

const TILE = 16u;
var<workgroup> tileA: array<f32, 256>; // [row][k]
var<workgroup> tileB: array<f32, 256>; // [k][column]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = groupIndex(group, groups);
  if (id >= tileCount(p.gemm)) {
    return;
  }
  let tile = tileOf(p.gemm, id);
  let g = problem(tile.problem);
  if (tile.row * TILE >= g.m) {
    return;
  }
  let x = lane % TILE;
  let y = lane / TILE;
  let row = tile.row * TILE + y;
  let column = tile.column * TILE + x;
  let r = rowOfA(g, min(row, g.m - 1u));
  let begin = tile.split * p.gemm.kPerSplit;
  let end = min(begin + p.gemm.kPerSplit, g.k);
  var sum = 0.0;
  for (var k0 = begin; k0 < end; k0 += TILE) {
    tileA[lane] = 0.0;
    tileB[lane] = 0.0;
    if (k0 + x < end) {
      tileA[lane] = loadA(g, r, k0 + x);
    }
    if (k0 + y < end) {
      tileB[lane] = loadB(g, k0 + y, min(column, g.n - 1u));
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE; k++) {
      sum += tileA[y * TILE + k] * tileB[k * TILE + x];
    }
    workgroupBarrier();
  }
  if (row < g.m && column < g.n) {
    store(g, rowOfY(g, row), column, sum, tile.split);
  }
}
