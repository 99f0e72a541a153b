// The device's own matrix units: a subgroup multiplies whole matrices of float16 and adds them up in float32. The operands are rounded
// to 11 bits (and must be below 65,504), so this is taken only when it is asked for. Needs chromium-experimental-subgroup-matrix
// with such a shape, shader-f16, and subgroups of one size.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);
#include "include/bind4.wgsl"
#include "include/matmul.wgsl"
#include "gemm/subgroup-matrix.wgsl"
