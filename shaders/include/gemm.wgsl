// What all products share: how the work is cut into tiles, and which piece of it a workgroup has.
#include "include/fold.wgsl"
#include "include/epilogue.wgsl"

override SPLIT = false; // partial sums over a piece of k, to be added by gemm-combine/splits
override A_ALONG_M = false; // loadA4 gives four rows of one k; otherwise four k of one row
override B_ALONG_K = false; // loadB4 gives four k of one column; otherwise four columns of one k

override GENERIC = false; // one pipeline serves all epilogues: for software adapters, whose compiler takes seconds

struct Gemm {
  tilesM: u32,
  tilesN: u32,
  problems: u32,
  splits: u32,
  kPerSplit: u32,
  outputs: u32, // elements of y
  alpha: f32, // slope of leakyRelu in the epilogue
  one: u32, // 1, as a number that the compiler does not know: see kept() in src/backend/webgpu/loops.ts
  epilogue: u32, // for GENERIC: bit 0 bias, bit 1 residual, bits 8 to 15 activation, bits 16 to 23 gradientOf
  unused0: u32, // structs in uniform memory are multiples of 16 bytes
  unused1: u32,
  unused2: u32,
}

struct Tile {
  row: u32, // in tiles
  column: u32,
  problem: u32,
  split: u32,
}

fn hasBias() -> bool {
  if (GENERIC) {
    return (p.gemm.epilogue & 1u) != 0u;
  }
  return HAS_BIAS;
}

fn hasResidual() -> bool {
  if (GENERIC) {
    return (p.gemm.epilogue & 2u) != 0u;
  }
  return HAS_RESIDUAL;
}

fn activation() -> u32 {
  if (GENERIC) {
    return (p.gemm.epilogue >> 8u) & 0xffu;
  }
  return ACTIVATION;
}

fn gradientOf() -> u32 {
  if (GENERIC) {
    return (p.gemm.epilogue >> 16u) & 0xffu;
  }
  return GRADIENT_OF;
}

fn tileCount(gemm: Gemm) -> u32 {
  return gemm.tilesM * gemm.tilesN * gemm.problems * gemm.splits;
}

/** Tiles go down in bands of 8 rows, so that workgroups that run together share rows of A and columns of B in the cache. */
fn tileOf(gemm: Gemm, id: u32) -> Tile {
  let each = gemm.tilesM * gemm.tilesN;
  let t = id % each;
  let z = id / each;
  let band = t / (8u * gemm.tilesN);
  let bandRows = min(8u, gemm.tilesM - 8u * band);
  let within = t - band * 8u * gemm.tilesN;
  return Tile(8u * band + within % bandRows, within / bandRows, z / gemm.splits, z % gemm.splits);
}
