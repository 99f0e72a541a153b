#include "kernels/conv/planar/blocks.h"

#include <algorithm>

#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv::planar {
namespace {

int span(const AxisPhase& a) { return a.last() - a.first() + 1; }

/** Pixels that a position reads beyond its own, in units of the step. */
int beyond(const AxisPhase& a) { return (span(a) - 1) / a.in_step; }

}  // namespace

Blocks::Blocks(const AxisPhase& y, const AxisPhase& x, int channels, int images)
    : y(y), x(x), channels(channels), residues(std::min(y.in_step, span(y))), planes(0, 0, 0) {
  constexpr ptrdiff_t kNear = 24 << 10,
                      kAll = 192 << 10;  // bytes: the rows of a position's window, and all rows
  const ptrdiff_t pixel = (ptrdiff_t)sizeof(float) * channels * x.in_step;
  const int widest = (int)std::max<ptrdiff_t>(48, kNear / (pixel * span(y)) - beyond(x));
  across = ceil_div(std::max(x.count, 1), widest);
  columns = ceil_div(std::max(x.count, 1), across);
  const int pitch = columns + beyond(x);
  const ptrdiff_t fit = kAll / (pixel * pitch * residues) - beyond(y);
  const int min_parts = ceil_div(16, images * across);  // to keep a few threads busy
  const int least = 2 * beyond(y) + 4;
  const int highest = (int)std::max<ptrdiff_t>(least, std::min<ptrdiff_t>(fit, y.count / min_parts));
  down = ceil_div(std::max(y.count, 1), highest);
  rows = ceil_div(std::max(y.count, 1), down);
  planes = Planes(x.in_step * channels, rows + beyond(y), pitch);
}

std::vector<ptrdiff_t> Blocks::offsets(const AxisPhase& some_of_x) const {
  std::vector<ptrdiff_t> all;
  for (const Tap& ty : y.taps)
    for (const Tap& tx : some_of_x.taps) {
      const int below = ty.offset - y.first(), right = tx.offset - x.first();
      const ptrdiff_t set = below % y.in_step * planes.all() + right % x.in_step * channels * planes.size;
      for (int c = 0; c < channels; c++)
        all.push_back(set + c * planes.size + (ptrdiff_t)(below / y.in_step) * planes.pitch +
                      right / x.in_step);
    }
  return all;
}

void Blocks::take(const Image& image, int y0, int x0, float* line, float* to) const {
  for (int r = 0; r < residues; r++)
    take_planes(
        planes, image,
        {y0 * y.in_step + y.first() + r, y.in_step, x0 * x.in_step + x.first(), planes.pitch * x.in_step},
        line, to + r * planes.all());
}

}  // namespace fovea::FOVEA_ISA::conv::planar
