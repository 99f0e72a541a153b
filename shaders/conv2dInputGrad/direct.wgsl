// For few channels on either side: a thread computes four channels of one pixel of dx, walking the taps that meet it in loops,
// so that no index is taken apart on the way.
#include "include/bind1.wgsl"
#include "include/conv2dInputGrad.wgsl"
#include "gemm/store.wgsl"

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= tileCount(p.gemm)) {
    return;
  }
  let column = 4u * (i % p.gemm.tilesN);
  let row = (i / p.gemm.tilesN) % p.gemm.tilesM;
  let g = problem(i / (p.gemm.tilesN * p.gemm.tilesM));
  if (row >= g.m) {
    return;
  }
  let r = rowOfA(g, row);
  let columns = min(vec4u(column) + vec4u(0u, 1u, 2u, 3u), vec4u(g.n - 1u)) * p.co + g.group * p.coGroup;
  var sum = vec4f(0.0);
  // k is (repetition, p, q, o): only the o within a tap are contiguous.
  for (var k = 0u; k < g.k; k += p.coGroup) {
    let at = indexA(g, r, k);
    if (at < 0) {
      continue;
    }
    let tap = tapOf(g, k);
    let weights = columns + (tap.p * p.kw + tap.q) * p.ciGroup * p.co;
    for (var o = 0u; o < p.coGroup; o++) {
      let w = weights + o;
      sum += readA(u32(at) + o) * vec4f(readB(w.x), readB(w.y), readB(w.z), readB(w.w));
    }
  }
  for (var j = 0u; j < 4u && column + j < g.n; j++) {
    store(g, rowOfY(g, row), column + j, sum[j], 0u);
  }
}
