// dw[p, q, c, o] = sum over positions (u, v) of x[u, v, c] * dy[u + top - p*d, v + left - q*d, o]: with few outputs, the weight
// gradient of a convolution whose input is dy and whose output is x, with a flipped kernel.
#include "kernels/conv/implicit_gemm/weight_grad.h"
#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/winograd_f3_2/weight_grad.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::few_outputs {

ConvShape roles_swapped(const ConvShape& s) {
  ConvShape swapped = s;
  swapped.h = s.oh, swapped.w = s.ow, swapped.ci = s.co;
  swapped.oh = s.h, swapped.ow = s.w, swapped.co = s.ci;
  swapped.pad_top = (s.kh - 1) * s.dilation_y - s.pad_top;
  swapped.pad_left = (s.kw - 1) * s.dilation_x - s.pad_left;
  return swapped;
}

bool takes_f3_2(const ConvShape& swapped) {
  // In two passes they are no faster than a product, but for one output.
  return winograd_f3_2::fits(swapped) && (winograd_f3_2::kPasses == 1 || swapped.ci == 1);
}

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const ConvShape swapped = roles_swapped(s);
  const int elements = s.kh * s.kw;
  float* const made = (float*)shared_scratch(1, sizeof(float) * elements * s.ci * s.co);
  (takes_f3_2(swapped) ? winograd_f3_2::weight_grad : implicit_gemm::weight_grad)(swapped, dy, x, made);
  for (int element = 0; element < elements; element++)
    for (int c = 0; c < s.ci; c++)
      for (int o = 0; o < s.co; o++)
        dw[(element * s.ci + c) * s.co + o] = made[((elements - 1 - element) * s.co + o) * s.ci + c];
}

}  // namespace fovea::FOVEA_ISA::conv::few_outputs
