#include "kernels/conv/winograd/tile_order.h"

#include <algorithm>

#include "kernels/conv/winograd/transforms_1d.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

/** Places of a window's elements along an axis: first + i * step. */
struct Along {
  int first, step;
};

/** Bit i: is element i inside an image of `size`? */
uint32_t elements(const Along& axis, int size) {
  if (axis.first >= 0 && axis.first + (kMaxElements - 1) * axis.step < size) return (1u << kMaxElements) - 1;
  uint32_t bits = 0;
  for (int i = 0; i < kMaxElements; i++) {
    const int at = axis.first + i * axis.step;
    bits |= (uint32_t)(at >= 0 && at < size) << i;
  }
  return bits;
}

/** The windows of tiles; y(output) and x(output) say where their elements are along the axes. Field by field, as what is
 * written in small pieces is slow to copy as a whole. */
template <class Y, class X>
void fill(const Image& images, const TileOrder& order, int first, int count, Y y, X x, Window* to) {
  TilePlace at = order.place(first);
  for (int t = 0; t < count; t++, at = order.after(at)) {
    const Image image = images.number(at.image);
    const Along down = y(at.y), across = x(at.x);
    to[t].data = image.data + ((ptrdiff_t)down.first * image.w + across.first) * image.pixel;
    to[t].row = (ptrdiff_t)down.step * image.w * image.pixel;
    to[t].column = (ptrdiff_t)across.step * image.pixel;
    to[t].rows = elements(down, image.h);
    to[t].columns = elements(across, image.w);
  }
}

}  // namespace

void windows_of_inputs(const Image& images, const Phase& phase, int part, const TileOrder& order, int first,
                       int count, Window* to) {
  const auto along = [](const AxisPhase& axis, const PhasePart& part) {
    return [step = axis.in_step, offset = part.offset](int output) {
      return Along{output * step + offset, step};
    };
  };
  fill(images, order, first, count, along(*phase.y, phase.part_y(part)), along(*phase.x, phase.part_x(part)),
       to);
}

void windows_of_gradients(const Image& images, const Phase& phase, const TileOrder& order, int first,
                          int count, Window* to) {
  const auto along = [](const AxisPhase& axis) {
    return [step = axis.out_step, out = axis.out](int output) { return Along{out + output * step, step}; };
  };
  fill(images, order, first, count, along(*phase.y), along(*phase.x), to);
}

TileOrder::TileOrder(const Phase& phase, int in_channels, int out_channels, int most)
    : down(phase.tiles_y()), across(phase.tiles_x()) {
  // A strip's row of tiles, with the rows below it that the next one reads again, fills a quarter of the cache.
  const ptrdiff_t in = (ptrdiff_t)(kOut * phase.y->in_step + 2) * kOut * phase.x->in_step * in_channels;
  const ptrdiff_t tile_bytes = sizeof(float) * (in + (ptrdiff_t)kOut * kOut * out_channels);
  const int fit = (int)std::max<ptrdiff_t>((ptrdiff_t)cpu().l2 / 4 / tile_bytes, 8);
  const int strips = ceil_div(across, std::min(fit, most));
  strip = ceil_div(across, std::max(strips, 1));
}

TilePlace TileOrder::place(int tile) const {
  const int per_image = down * across, within = tile % per_image;
  const int first = within / (strip * down) * strip, width = std::min(strip, across - first);
  const int rest = within - first * down;
  return {tile / per_image, rest / width * kOut, (first + rest % width) * kOut, first * kOut};
}

TilePlace TileOrder::after(TilePlace at) const {
  const int end = across * kOut;
  at.x += kOut;
  if (at.x < std::min(at.left + strip * kOut, end)) return at;
  at.x = at.left, at.y += kOut;
  if (at.y < down * kOut) return at;
  at.y = 0, at.left += strip * kOut;
  if (at.left >= end) at.left = 0, at.image++;
  at.x = at.left;
  return at;
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
