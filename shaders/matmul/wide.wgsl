// 8 x 8 results a thread in tiles of 128 x 128: four loads from workgroup memory for 64 multiply-adds. Two buffers: the next tile is
// on its way from global memory while the present one is multiplied, and one barrier a step is enough. Needs 32 KiB of workgroup memory.
#include "include/bind4.wgsl"
#include "include/matmul.wgsl"
alias Stored = vec4f; // of the tiles in workgroup memory
#include "gemm/wide.wgsl"
