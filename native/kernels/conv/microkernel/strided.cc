#include "kernels/conv/microkernel/sizes.h"

namespace fovea::FOVEA_ISA::conv {

Multiply find_strided(int rows, int vectors) {
  if (vectors == 3) return find_size<3, Rows::strided, kMaxOfThree>(rows);
  return vectors == 2 ? find_size<2, Rows::strided, kMaxRows>(rows)
                      : find_size<1, Rows::strided, kMaxOfOne>(rows);
}

}  // namespace fovea::FOVEA_ISA::conv
