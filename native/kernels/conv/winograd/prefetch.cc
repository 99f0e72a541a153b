#include "kernels/conv/winograd/prefetch.h"

#include <algorithm>
#include <utility>

#include "kernels/conv/winograd/transforms_1d.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv::winograd {

Reach reach_of(const AxisPhase& axis, const std::vector<PhasePart>& parts, int points) {
  int last = 0;
  for (const PhasePart& part : parts) last = std::max(last, part.offset + (points - 1) * axis.in_step);
  return {axis.in_step, last + 1 - kOut * axis.in_step};
}

PrefetchRegion region_of_tiles(const TileOrder& order, int first, int end, const Image& images, Reach y,
                               Reach x) {
  if (first >= end || !images.data) return {};
  const TilePlace from = order.place(first), to = order.place(end - 1);
  const int left = from.x / kOut / order.strip * order.strip * kOut, right = left + order.strip * kOut;
  const bool one_strip = to.image == from.image && to.x < right && to.y >= from.y;
  const int top = from.y > 0 ? from.y * y.step + y.beyond : 0;
  const int bottom = one_strip ? std::min((to.y + kOut) * y.step + y.beyond, images.h) : images.h;
  const int columns = std::min(right * x.step + x.beyond, images.w) - left * x.step;
  const ptrdiff_t pitch = (ptrdiff_t)images.w * images.pixel;
  return {images.number(from.image).data + top * pitch + (ptrdiff_t)left * x.step * images.pixel,
          columns > 0 ? std::max(bottom - top, 0) : 0, pitch, (ptrdiff_t)columns * images.pixel};
}

int products_of(int rows, int columns) {
  int products = 0;
  for (int c = 0, panel; c < columns; c += panel)
    panel = panel_of(columns - c), products += ceil_div(rows, max_rows_of(panel));
  return products;
}

PrefetchQueue::PrefetchQueue(std::vector<PrefetchRegion> regions, int products)
    : regions_(std::move(regions)) {
  ptrdiff_t lines = 0;
  for (const PrefetchRegion& region : regions_) lines += region.lines();
  portion_ = kLine * (lines * 9 / 8 / products + 1);  // somewhat more, as rows end within it
}

void PrefetchQueue::give(TileProduct& p) {
  while (next_ < regions_.size() && regions_[next_].rows <= 0) next_++;
  p.prefetch.l2.at = next_ < regions_.size() ? regions_[next_].take(portion_) : nullptr;
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
