// Without workgroup memory or barriers: the lanes of a subgroup share their rows of A through registers (subgroupShuffle), and each
// keeps 8 rows of four columns of its own. Needs subgroups and columns in multiples of four.
enable subgroups;
#include "include/bind4.wgsl"
#include "include/matmul.wgsl"
#include "gemm/subgroup.wgsl"
