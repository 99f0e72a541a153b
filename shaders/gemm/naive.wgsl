#include "gemm/store.wgsl"

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= tileCount(p.gemm)) {
    return;
  }
  let column = i % p.gemm.tilesN;
  let row = (i / p.gemm.tilesN) % p.gemm.tilesM;
  let g = problem(i / (p.gemm.tilesN * p.gemm.tilesM));
  if (row >= g.m) {
    return;
  }
  let r = rowOfA(g, row);
  var sum = 0.0;
  for (var k = 0u; k < g.k; k++) {
    sum += loadA(g, r, k) * loadB(g, k, column);
  }
  store(g, rowOfY(g, row), column, sum, 0u);
}
