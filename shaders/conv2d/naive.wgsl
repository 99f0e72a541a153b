// One thread an element of the result, which reads a whole row of A and column of B from global memory: the bottom rung, to
// measure the others against.
#include "include/bind1.wgsl"
#include "include/conv2d.wgsl"
#include "gemm/naive.wgsl"
