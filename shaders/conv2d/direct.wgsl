// For few channels on either side (the first and last layers of an image network), where tiles of a product would be mostly
// empty: a thread computes four output channels of one pixel, walking the taps in loops, so that no index is taken apart
// on the way.
#include "include/bind1.wgsl"
#include "include/conv2d.wgsl"
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
  let r = rowOfA(g, row);
  let columns = min(vec4u(column) + vec4u(0u, 1u, 2u, 3u), vec4u(g.n - 1u)) + g.group * p.coGroup;
  var sum = vec4f(0.0);
  for (var tapY = 0u; tapY < p.kh; tapY++) {
    for (var tapX = 0u; tapX < p.kw; tapX++) {
      let at = pixelOfX(r.image, r.y + i32(tapY) * p.dilationY, r.x + i32(tapX) * p.dilationX);
      if (at < 0) {
        continue;
      }
      let pixel = u32(at) + g.group * p.ciGroup;
      let weights = (tapY * p.kw + tapX) * p.ciGroup * p.co;
      for (var c = 0u; c < p.ciGroup; c++) {
        let w = columns + weights + c * p.co;
        sum += readA(pixel + c) * vec4f(readB(w.x), readB(w.y), readB(w.z), readB(w.w));
      }
    }
  }
  for (var j = 0u; j < 4u && column + j < g.n; j++) {
    store(g, rowOfY(g, row), column + j, sum[j], 0u);
  }
}
