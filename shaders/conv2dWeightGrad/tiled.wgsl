// Tiles in workgroup memory: 16 x 16 threads load a 16 x 16 tile of A and of B together and read it 16 times from there, so
// global memory is read 16 times less than by the naive kernel.
#include "include/bind1.wgsl"
#include "include/conv2dWeightGrad.wgsl"
#include "gemm/tiled.wgsl"
