// As registers, but all memory is moved 16 bytes at a time: global memory is bound as vec4f and workgroup memory holds vec4f, so
// a step of k costs a thread two loads for 16 multiply-adds. Needs contiguous runs of multiples of four elements.
#include "include/bind4.wgsl"
#include "include/matmul.wgsl"
#include "gemm/vec4.wgsl"
