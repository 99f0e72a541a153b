// As wide, but the tiles are stored as float16, which halves the traffic with workgroup memory; products and sums stay float32. The
// operands are rounded to 11 bits (and must be below 65,504), so this is taken only when it is asked for. Needs shader-f16.
enable f16;
#include "include/bind4.wgsl"
#include "include/matmul.wgsl"
alias Stored = vec4h; // of the tiles in workgroup memory
#include "gemm/wide.wgsl"
