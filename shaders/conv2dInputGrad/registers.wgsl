// Register blocking in two dimensions: a thread computes 4 x 4 results of a 64 x 64 tile, so that each number it takes from
// workgroup memory is used four times.
#include "include/bind1.wgsl"
#include "include/conv2dInputGrad.wgsl"
#include "gemm/registers.wgsl"
