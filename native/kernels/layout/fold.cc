// depthToSpace and spaceToDepth: both move runs of block * c elements, between [n, h, w, p, q c] and [n, h,
// p, w, q c].
#include "kernels/layout/copy.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The axes n, h, p, w, (q c) with the strides of the image, and of its folded form. */
StridedCopy unfold(const Call& call) {
  Numbers numbers(call);
  const int64_t n = numbers.whole(), h = numbers.whole(), w = numbers.whole(), c = numbers.whole(),
                block = numbers.whole();
  const int64_t run = block * c, row = w * run, image = h * block * row;
  return {
      5, {n, h, block, w, run}, {image, block * row, run, block * run, 1}, {image, block * row, row, run, 1}};
}

}  // namespace

void depth_to_space(const Call& call) { strided_copy(call.operands[0], call.operands[1], unfold(call)); }

void space_to_depth(const Call& call) {
  StridedCopy axes = unfold(call);
  for (int k = 0; k < axes.rank; k++) {
    const int64_t folded = axes.x_stride[k];
    axes.x_stride[k] = axes.y_stride[k];
    axes.y_stride[k] = folded;
  }
  strided_copy(call.operands[0], call.operands[1], axes);
}

}  // namespace fovea::FOVEA_ISA
