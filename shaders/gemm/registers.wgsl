#include "gemm/store.wgsl"

const TILE = 64u; // rows and columns of a workgroup
const DEPTH = 16u; // k of a step
const STRIDE = 65u; // of tileA: one more than TILE, so that threads that write neighbouring k hit different banks
const EACH = 4u; // rows and columns of a thread
var<workgroup> tileA: array<f32, 1040>; // [k][row], DEPTH * STRIDE
var<workgroup> tileB: array<f32, 1024>; // [k][column]

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
  // What this thread loads: four elements of each tile, next to what its neighbours load.
  var rows: array<RowA, 4>;
  for (var i = 0u; i < EACH; i++) {
    let row = select(lane / DEPTH + 16u * i, lane % TILE, A_ALONG_M);
    rows[i] = rowOfA(g, min(tile.row * TILE + row, g.m - 1u));
  }
  // What it computes: rows ty, ty + 1, ... and columns tx, tx + 1, ... of the tile.
  let tx = (lane % 16u) * EACH;
  let ty = (lane / 16u) * EACH;
  var sums: array<vec4f, 4>;
  let begin = tile.split * p.gemm.kPerSplit;
  let end = min(begin + p.gemm.kPerSplit, g.k);
  for (var k0 = begin; k0 < end; k0 += DEPTH) {
    for (var i = 0u; i < EACH; i++) {
      let row = select(lane / DEPTH + 16u * i, lane % TILE, A_ALONG_M);
      let kA = select(lane % DEPTH, lane / TILE + 4u * i, A_ALONG_M);
      var element = 0.0;
      if (k0 + kA < end) {
        element = loadA(g, rows[i], k0 + kA);
      }
      tileA[kA * STRIDE + row] = element;
      let column = select(lane % TILE, lane / DEPTH + 16u * i, B_ALONG_K);
      let kB = select(lane / TILE + 4u * i, lane % DEPTH, B_ALONG_K);
      element = 0.0;
      if (k0 + kB < end) {
        element = loadB(g, k0 + kB, min(tile.column * TILE + column, g.n - 1u));
      }
      tileB[kB * TILE + column] = element;
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let at = k * TILE + tx;
      let b = vec4f(tileB[at], tileB[at + 1u], tileB[at + 2u], tileB[at + 3u]);
      for (var i = 0u; i < EACH; i++) {
        sums[i] += tileA[k * STRIDE + ty + i] * b;
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < EACH; i++) {
    let row = tile.row * TILE + ty + i;
    if (row < g.m) {
      let start = rowOfY(g, row);
      for (var j = 0u; j < EACH; j++) {
        let column = tile.column * TILE + tx + j;
        if (column < g.n) {
          store(g, start, column, sums[i][j], tile.split);
        }
      }
    }
  }
}
