#include "kernels/conv/microkernel/sizes.h"

namespace fovea::FOVEA_ISA::conv {

Multiply find_contiguous(int rows, int vectors) {
  return vectors == 2 ? find_size<2, Rows::contiguous, kMaxRows>(rows)
                      : find_size<1, Rows::contiguous, kMaxRows>(rows);
}

}  // namespace fovea::FOVEA_ISA::conv
