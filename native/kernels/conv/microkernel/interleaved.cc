#include "kernels/conv/microkernel/sizes.h"

namespace fovea::FOVEA_ISA::conv {

Multiply find_interleaved(int rows, Rows kind) {
  if constexpr (kLanes < 8)
    return nullptr;  // no product is interleaved
  else
    return kind == Rows::gathered ? find_size<1, Rows::gathered, kMaxGathered, true>(rows)
                                  : find_size<1, Rows::strided, kMaxOfOne, true>(rows);
}

}  // namespace fovea::FOVEA_ISA::conv
