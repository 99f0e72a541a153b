#include "gemm/store4.wgsl"
#include "gemm/blocks.wgsl"

const TILE = 128u; // rows and columns of a workgroup
const QUADS = 32u; // of a tile's side
const DEPTH = 16u; // k of a step
const LOADERS = 128u; // threads that load A; the others load B
// Two of each: while one is read, the other is filled. [buffer][k][row or column / 4]
var<workgroup> tileA: array<Stored, 1024>;
var<workgroup> tileB: array<Stored, 1024>;

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
  // What this thread loads: a block of 4 x 4 of A or of B.
  let isB = lane >= LOADERS;
  let loader = lane % LOADERS;
  let isAlongK = (isB && B_ALONG_K) || (!isB && !A_ALONG_M);
  let block = select(loader % QUADS, loader / 4u, isAlongK);
  let kBlock = 4u * select(loader / QUADS, loader % 4u, isAlongK);
  var rows = rowsOfA(g, tile.row * TILE + 4u * block);
  let firstColumn = tile.column * TILE + 4u * block;
  // What it computes: rows 4 ty and 64 + 4 ty, columns 4 tx and 64 + 4 tx, four of each. Two halves instead of eight in a row
  // keep the threads of a row on different banks.
  let tx = lane % 16u;
  let ty = lane / 16u;
  var sums: array<vec4f, 16>; // [row][half of the columns]
  let begin = tile.split * p.gemm.kPerSplit;
  let end = min(begin + p.gemm.kPerSplit, g.k);

  // Step s fetches tile s from global memory, multiplies tile s - 1 meanwhile, and then puts tile s into the other buffer.
  let steps = (end - min(begin, end) + DEPTH - 1u) / DEPTH;
  for (var step = 0u; step <= steps; step++) {
    var loaded: mat4x4f;
    let k0 = begin + step * DEPTH + kBlock;
    if (isB) {
      loaded = blockOfB(g, k0, end, firstColumn);
    } else {
      loaded = blockOfA(g, &rows, k0, end);
    }
    if (step > 0u) {
      let start = ((step - 1u) % 2u) * DEPTH * QUADS;
      for (var k = 0u; k < DEPTH; k++) {
        let at = start + k * QUADS;
        let a0 = vec4f(tileA[at + ty]);
        let a1 = vec4f(tileA[at + 16u + ty]);
        let b0 = vec4f(tileB[at + tx]);
        let b1 = vec4f(tileB[at + 16u + tx]);
        for (var i = 0u; i < 4u; i++) {
          sums[2u * i] += a0[i] * b0;
          sums[2u * i + 1u] += a0[i] * b1;
          sums[8u + 2u * i] += a1[i] * b0;
          sums[9u + 2u * i] += a1[i] * b1;
        }
      }
    }
    for (var i = 0u; i < 4u; i++) {
      let at = ((step % 2u) * DEPTH + kBlock + i) * QUADS + block;
      if (isB) {
        tileB[at] = Stored(loaded[i]);
      } else {
        tileA[at] = Stored(loaded[i]);
      }
    }
    workgroupBarrier(); // one a step: whoever still reads, reads the other buffer
  }
  for (var i = 0u; i < 8u; i++) {
    let row = tile.row * TILE + 64u * (i / 4u) + 4u * ty + i % 4u;
    if (row < g.m) {
      let start = rowOfY(g, row);
      for (var half = 0u; half < 2u; half++) {
        let column = tile.column * TILE + 64u * half + 4u * tx;
        if (column < g.n) {
          store4(g, start, column, sums[2u * i + half], tile.split);
        }
      }
    }
  }
}
