#include "kernels/conv/winograd/prefetch.h"

#include <algorithm>
#include <utility>

#include "kernels/conv/winograd/transforms_1d.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv::winograd {

const float* Ahead::take(ptrdiff_t numbers) {
  const float* const from = row + at;
  at += numbers;
  if (at >= length) row += pitch, at = 0, rows--;
  return from;
}

Reach reach_of(const AxisPhase& axis, const std::vector<PhasePart>& parts, int points) {
  int last = 0;
  for (const PhasePart& part : parts) last = std::max(last, part.offset + (points - 1) * axis.in_step);
  return {axis.in_step, last + 1 - kOut * axis.in_step};
}

Ahead ahead_of(const TileOrder& order, int first, int end, const Image& images, Reach y, Reach x) {
  if (first >= end || !images.data) return {};
  const TilePlace from = order.place(first), to = order.place(end - 1);
  const int left = from.x / kOut / order.strip * order.strip * kOut, right = left + order.strip * kOut;
  const bool one_strip = to.image == from.image && to.x < right && to.y >= from.y;
  const int top = from.y > 0 ? from.y * y.step + y.beyond : 0;
  const int bottom = one_strip ? std::min((to.y + kOut) * y.step + y.beyond, images.h) : images.h;
  const int columns = std::min(right * x.step + x.beyond, images.w) - left * x.step;
  const ptrdiff_t pitch = (ptrdiff_t)images.w * images.pixel;
  return {images.number(from.image).data + top * pitch + (ptrdiff_t)left * x.step * images.pixel,
          (ptrdiff_t)columns * images.pixel, pitch, columns > 0 ? std::max(bottom - top, 0) : 0};
}

int products_of(int rows, int columns) {
  int products = 0;
  for (int c = 0, panel; c < columns; c += panel)
    panel = panel_of(columns - c), products += ceil_div(rows, rows_together(panel));
  return products;
}

Wanted::Wanted(std::vector<Ahead> parts, int products) : parts_(std::move(parts)) {
  ptrdiff_t lines = 0;
  for (const Ahead& part : parts_) lines += part.lines();
  portion_ = kLine * (lines * 9 / 8 / products + 1);  // somewhat more, as rows end within it
}

void Wanted::give(TileProduct& p) {
  while (turn_ < parts_.size() && parts_[turn_].rows <= 0) turn_++;
  p.far = turn_ < parts_.size() ? parts_[turn_].take(portion_) : nullptr;
}

}  // namespace fovea::FOVEA_ISA::conv::winograd
