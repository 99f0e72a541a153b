#include "kernels/conv/plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace fovea::FOVEA_ISA::conv {
namespace {

int floor_div(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

AxisPhase phase(int residue, int period, int size, int in_step, const std::map<int, std::vector<int>>& taps) {
  AxisPhase made{residue, period, residue < size ? (size - residue + period - 1) / period : 0, in_step, {}};
  for (const auto& [offset, elements] : taps) made.taps.push_back({offset, elements});
  return made;
}

std::vector<AxisPhase> forward_axis(int out, int kernel, int stride, int pad, int dilation, int up) {
  const int period = up / std::gcd(stride, up);
  std::vector<AxisPhase> phases;
  for (int r = 0; r < period; r++) {
    std::map<int, std::vector<int>> taps;
    for (int p = 0; p < kernel; p++) taps[floor_div(r * stride + p * dilation - pad, up)].push_back(p);
    phases.push_back(phase(r, period, out, period * stride / up, taps));
  }
  return phases;
}

std::vector<AxisPhase> input_grad_axis(int in, int kernel, int stride, int pad, int dilation, int up) {
  const int period = stride / std::gcd(stride, up);
  std::vector<AxisPhase> phases;
  for (int r = 0; r < period; r++) {
    std::map<int, std::vector<int>> taps;
    for (int a = 0; a < up; a++) {
      for (int p = 0; p < kernel; p++) {
        const int place = r * up + a + pad - p * dilation;
        if (place - floor_div(place, stride) * stride == 0) taps[floor_div(place, stride)].push_back(p);
      }
    }
    phases.push_back(phase(r, period, in, period * up / stride, taps));
  }
  return phases;
}

/** Positions of which every tap reads the same sub-sequence of x are every so many of the phase's. */
int period_of(const AxisPhase& phase) {
  int apart = 0;
  for (const Tap& tap : phase.taps) apart = std::gcd(apart, tap.offset - phase.first());
  return apart % phase.in_step == 0 ? std::max(apart / phase.in_step, 1) : 1;
}

std::vector<AxisPhase> undilated_axis(std::vector<AxisPhase> axis) {
  const auto is_dilated = [](const AxisPhase& phase) { return period_of(phase) > 1; };
  if (std::ranges::none_of(axis, is_dilated)) return axis;
  std::vector<AxisPhase> phases;
  for (const AxisPhase& phase : axis) {
    const int period = period_of(phase);
    for (int r = 0; r < period; r++) {
      AxisPhase made = phase;
      made.out += r * phase.out_step;
      made.out_step *= period;
      made.count = std::max(phase.count - r + period - 1, 0) / period;
      made.in_step *= period;
      for (Tap& tap : made.taps) tap.offset += r * phase.in_step;
      phases.push_back(made);
    }
  }
  return phases;
}

}  // namespace

AxisPhase all_together(const std::vector<AxisPhase>& phases) {
  std::map<int, std::vector<int>> taps;
  for (const AxisPhase& phase : phases)
    for (const Tap& tap : phase.taps) taps[tap.offset];
  const AxisPhase& first = phases[0];
  AxisPhase all{first.out, first.out_step, first.count, first.in_step, {}};
  for (const auto& tap : taps) all.taps.push_back({tap.first, {}});
  return all;
}

Range taps_in_bounds_of(const AxisPhase& a, int begin, int end, int size) {
  int first = 0, last = (int)a.taps.size();
  while (first < last && (end - 1) * a.in_step + a.taps[first].offset < 0) first++;
  while (first < last && begin * a.in_step + a.taps[last - 1].offset >= size) last--;
  return {first, last};
}

std::vector<Segment> segments_of(const AxisPhase& axis, int size) {
  std::vector<Segment> segments;
  const auto add = [&](int begin, int end) {
    if (begin == end) return;
    const Range taps = taps_in_bounds_of(axis, begin, end, size);
    if (!segments.empty() && segments.back().taps == taps)
      segments.back().end = end;
    else
      segments.push_back({begin, end, taps});
  };
  // From the positions between, all taps do.
  const int before = std::max(-axis.first(), 0), last = size - 1 - axis.last();
  const int begin = std::min((before + axis.in_step - 1) / axis.in_step, axis.count);
  const int end = std::clamp(floor_div(last, axis.in_step) + 1, begin, axis.count);
  for (int i = 0; i < begin; i++) add(i, i + 1);
  add(begin, end);
  for (int i = end; i < axis.count; i++) add(i, i + 1);
  return segments;
}

double taps_in_bounds(const AxisPhase& axis, int size) {
  double sum = 0;
  for (const Segment& s : segments_of(axis, size)) sum += (double)s.size() * s.taps.size();
  return sum;
}

Plan plan_forward(const ConvShape& s) {
  return {forward_axis(s.oh, s.kh, s.stride_y, s.pad_top, s.dilation_y, s.up),
          forward_axis(s.ow, s.kw, s.stride_x, s.pad_left, s.dilation_x, s.up)};
}

Plan plan_input_grad(const ConvShape& s) {
  return {input_grad_axis(s.h, s.kh, s.stride_y, s.pad_top, s.dilation_y, s.up),
          input_grad_axis(s.w, s.kw, s.stride_x, s.pad_left, s.dilation_x, s.up)};
}

Plan undilated(Plan plan) { return {undilated_axis(std::move(plan.y)), undilated_axis(std::move(plan.x))}; }

}  // namespace fovea::FOVEA_ISA::conv
