// What a product does with a sum before it is stored: y = activation(sum + bias + residual) activation'(saved). The
// activations by the numbers of plans/functions.ts.
#include "include/functions.wgsl"

const NO_FUNCTION = 99u;
override HAS_BIAS = false;
override HAS_RESIDUAL = false;
override ACTIVATION = 0u;
override GRADIENT_OF = NO_FUNCTION;
