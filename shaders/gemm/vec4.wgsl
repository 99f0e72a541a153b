#include "gemm/store4.wgsl"
#include "gemm/blocks.wgsl"

const TILE = 64u; // rows and columns of a workgroup
const DEPTH = 16u; // k of a step
const EACH = 4u; // rows and columns of a thread
const LOADERS = 64u; // threads that load A; as many load B
var<workgroup> tileA: array<vec4f, 256>; // [k][row / 4]
var<workgroup> tileB: array<vec4f, 256>; // [k][column / 4]

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
  // What this thread loads: a block of 4 x 4. Along the contiguous side neighbours follow each other.
  let isB = lane >= LOADERS;
  let loader = lane % LOADERS;
  let isAlongK = (isB && B_ALONG_K) || (!isB && !A_ALONG_M);
  let block = select(loader % 16u, loader / 4u, isAlongK); // of rows or columns
  let kBlock = 4u * select(loader / 16u, loader % 4u, isAlongK);
  var rows = rowsOfA(g, tile.row * TILE + 4u * block);
  // What it computes.
  let tx = lane % 16u;
  let ty = lane / 16u;
  var sums: array<vec4f, 4>;
  let begin = tile.split * p.gemm.kPerSplit;
  let end = min(begin + p.gemm.kPerSplit, g.k);
  for (var k0 = begin; k0 < end; k0 += DEPTH) {
    if (lane < LOADERS) {
      let loaded = blockOfA(g, &rows, k0 + kBlock, end);
      for (var i = 0u; i < 4u; i++) {
        tileA[(kBlock + i) * 16u + block] = loaded[i];
      }
    } else if (lane < 2u * LOADERS) {
      let loaded = blockOfB(g, k0 + kBlock, end, tile.column * TILE + 4u * block);
      for (var i = 0u; i < 4u; i++) {
        tileB[(kBlock + i) * 16u + block] = loaded[i];
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let a = tileA[k * 16u + ty];
      let b = tileB[k * 16u + tx];
      for (var i = 0u; i < 4u; i++) {
        sums[i] += a[i] * b;
      }
    }
    workgroupBarrier();
  }
  let column = tile.column * TILE + EACH * tx;
  if (column >= g.n) {
    return;
  }
  for (var i = 0u; i < 4u; i++) {
    let row = tile.row * TILE + EACH * ty + i;
    if (row < g.m) {
      store4(g, rowOfY(g, row), column, sums[i], tile.split);
    }
  }
}
