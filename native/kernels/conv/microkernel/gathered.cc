#include "kernels/conv/microkernel/sizes.h"

namespace fovea::FOVEA_ISA::conv {

Multiply find_gathered(int rows, int vectors) {
  return vectors == 2 ? find_size<2, Rows::gathered, kMaxGathered>(rows)
                      : find_size<1, Rows::gathered, kMaxGathered>(rows);
}

}  // namespace fovea::FOVEA_ISA::conv
