#include "gemm/store4.wgsl"
#include "gemm/blocks.wgsl"

// The shape of the device's matrix products and its subgroup; plans/gemm.ts puts in what the adapter offers.
//#sizes

const TILE = 128u; // rows and columns of a workgroup
const DEPTH = 32u; // k of a step
const STRIDE = 136u; // of a tile's rows in workgroup memory: 8 more than needed spread them over the banks
const ACROSS = 2u; // subgroups side by side
const DOWN = 256u / SUBGROUP / ACROSS;
const ROWS = TILE / DOWN; // of a subgroup
const COLUMNS = TILE / ACROSS;
const BLOCKS_M = ROWS / M; // matrices of a subgroup
const BLOCKS_N = COLUMNS / N;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

var<workgroup> tileA: array<f16, 4352>; // [k][row], DEPTH * STRIDE
var<workgroup> tileB: array<f16, 4352>; // [k][column]
var<workgroup> results: array<f32, 256u / SUBGROUP * M * N>; // one matrix a subgroup

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
  // Each thread loads a 4 x 4 block of A and one of B.
  let blockA = select(lane % 32u, lane / 8u, !A_ALONG_M);
  let kA = 4u * select(lane / 32u, lane % 8u, !A_ALONG_M);
  let blockB = select(lane % 32u, lane / 8u, B_ALONG_K);
  let kB = 4u * select(lane / 32u, lane % 8u, B_ALONG_K);
  var rows = rowsOfA(g, tile.row * TILE + 4u * blockA);
  let own = lane / SUBGROUP;
  let firstRow = (own / ACROSS) * ROWS;
  let firstColumn = (own % ACROSS) * COLUMNS;
  var sums: array<array<Result, BLOCKS_N>, BLOCKS_M>;
  let begin = tile.split * p.gemm.kPerSplit;
  let end = min(begin + p.gemm.kPerSplit, g.k);
  for (var k0 = begin; k0 < end; k0 += DEPTH) {
    let a = blockOfA(g, &rows, k0 + kA, end);
    let b = blockOfB(g, k0 + kB, end, tile.column * TILE + 4u * blockB);
    for (var i = 0u; i < 4u; i++) {
      for (var j = 0u; j < 4u; j++) {
        tileA[(kA + i) * STRIDE + 4u * blockA + j] = f16(a[i][j]);
        tileB[(kB + i) * STRIDE + 4u * blockB + j] = f16(b[i][j]);
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k += K) {
      var left: array<Left, BLOCKS_M>;
      for (var i = 0u; i < BLOCKS_M; i++) { // [k][row] is column-major for the left side
        left[i] = subgroupMatrixLoad<Left, col_major>(&tileA, k * STRIDE + firstRow + i * M, STRIDE);
      }
      for (var j = 0u; j < BLOCKS_N; j++) {
        let right = subgroupMatrixLoad<Right, row_major>(&tileB, k * STRIDE + firstColumn + j * N, STRIDE);
        for (var i = 0u; i < BLOCKS_M; i++) {
          sums[i][j] = subgroupMatrixMultiplyAccumulate(left[i], right, sums[i][j]);
        }
      }
    }
    workgroupBarrier();
  }
  // Results go through workgroup memory, because which lane holds which element is the device's secret.
  for (var i = 0u; i < BLOCKS_M; i++) {
    for (var j = 0u; j < BLOCKS_N; j++) {
      subgroupMatrixStore<row_major>(&results, own * M * N, sums[i][j], N);
      workgroupBarrier();
      for (var quad = lane % SUBGROUP; quad < M * N / 4u; quad += SUBGROUP) {
        let row = tile.row * TILE + firstRow + i * M + (4u * quad) / N;
        let column = tile.column * TILE + firstColumn + j * N + (4u * quad) % N;
        let at = own * M * N + 4u * quad;
        if (row < g.m && column < g.n) {
          let value = vec4f(results[at], results[at + 1u], results[at + 2u], results[at + 3u]);
          store4(g, rowOfY(g, row), column, value, tile.split);
        }
      }
      workgroupBarrier();
    }
  }
}
