#include "kernels/conv/depthwise/view.h"

#include <algorithm>
#include <numeric>

#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv::depthwise {
namespace {

/** Cuts all positions of an image into equal rectangles of the right size. */
void cut(const Pattern& pattern, const Phase& phase, int phase_index, int images, bool by_vectors,
         std::vector<Piece>& pieces) {
  const ptrdiff_t bytes = by_vectors ? 36 << 10 : 128 << 10;
  const AxisPhase &y = *phase.y, &x = *phase.x;
  if (y.count == 0 || x.count == 0) return;
  const ptrdiff_t pixel = (ptrdiff_t)sizeof(float) * (by_vectors ? kLanes : pattern.channels) * x.in_step;
  const int span = y.last() - y.first() + 1;
  const int widest = (int)std::clamp<ptrdiff_t>(bytes / (pixel * (span + 3 * y.in_step)), 32, 1 << 20);
  const int width = round_up(ceil_div(x.count, ceil_div(x.count, widest)), pattern.pixels);
  const ptrdiff_t fit = (bytes / (pixel * width) - span) / y.in_step + 1;
  const int min_parts = ceil_div(16, images * ceil_div(x.count, width));  // to keep a few threads busy
  const int highest = (int)std::max<ptrdiff_t>(1, std::min<ptrdiff_t>(fit, std::max(4, y.count / min_parts)));
  const int height = ceil_div(y.count, ceil_div(y.count, highest));
  for (int i = 0; i < y.count; i += height)
    for (int j = 0; j < x.count; j += width)
      pieces.push_back({phase_index, 0, i, j, std::min(height, y.count - i), std::min(width, x.count - j)});
}

}  // namespace

Pattern::Pattern(const Plan& plan, int channels) : channels(channels) {
  constexpr int kMaxElements = 256;
  const bool parted = plan.x[0].in_step > 1 || plan.x[0].out_step > 1;
  const int whole = std::lcm(channels, kLanes);
  elements = whole <= kMaxElements && !parted ? whole : channels;
  pixels = elements / channels;
  vectors = ceil_div(elements, kLanes);
}

std::vector<Segment> clip(const std::vector<Segment>& segments, int begin, int count) {
  std::vector<Segment> inside;
  for (const Segment& s : segments) {
    const int from = std::max(s.begin - begin, 0), to = std::min(s.end - begin, count);
    if (from < to) inside.push_back({from, to, s.taps});
  }
  return inside;
}

std::vector<Phase> phases_of(const Plan& plan, int h, int w) {
  std::vector<Phase> phases;
  for (const AxisPhase& y : plan.y)
    for (const AxisPhase& x : plan.x) phases.push_back({&y, &x, segments_of(y, h), segments_of(x, w)});
  return phases;
}

bool Pattern::goes_by_vectors(const Plan& plan) const {
  constexpr size_t kManyTaps = 25, kManyWeights = 4700;
  const AxisPhase &y = plan.y[0], &x = plan.x[0];
  const size_t taps = y.taps.size() * x.taps.size();
  return pixels == 1 && y.in_step == 1 && x.in_step == 1 && taps >= kManyTaps &&
         taps * channels >= kManyWeights;
}

std::vector<Piece> pieces_of(const Pattern& pattern, const std::vector<Phase>& phases, int n,
                             bool by_vectors) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < phases.size(); i++) cut(pattern, phases[i], (int)i, n, by_vectors, pieces);
  const auto place = [&](const Piece& p) { return (double)p.y0 / phases[p.phase].y->count; };
  std::stable_sort(pieces.begin(), pieces.end(),
                   [&](const Piece& a, const Piece& b) { return place(a) < place(b); });
  const size_t each = pieces.size();
  for (size_t i = each; i < each * n; i++) {
    pieces.push_back(pieces[i - each]);
    pieces.back().image++;
  }
  return pieces;
}

namespace {

/** From a tap of a row to the next, or 0 where these steps differ. */
ptrdiff_t tap_step_of(const std::vector<ptrdiff_t>& across) {
  const ptrdiff_t step = across.size() > 1 ? across[1] - across[0] : 0;
  for (size_t i = 1; i < across.size(); i++)
    if (across[i] - across[i - 1] != step) return 0;
  return step;
}

}  // namespace

int window_height(const Phase& f, int rows) {
  return (rows - 1) * f.y->in_step + f.y->last() - f.y->first() + 1;
}
int window_width(const Phase& f, int columns) {
  return (columns - 1) * f.x->in_step + f.x->last() - f.x->first() + 1;
}

View view_of_vectors(const Phase& f, const Piece& p, const float* copy) {
  const AxisPhase &y = *f.y, &x = *f.x;
  const ptrdiff_t line = (ptrdiff_t)window_width(f, p.columns) * kLanes, place = x.in_step * kLanes;
  View view{copy, y.in_step * line, place, place, {}, {}, 0};
  for (const Tap& tap : y.taps) view.down.push_back((tap.offset - y.first()) * line);
  for (const Tap& tap : x.taps) view.across.push_back((tap.offset - x.first()) * (ptrdiff_t)kLanes);
  view.tap_step = tap_step_of(view.across);
  return view;
}

View view_of(const Pattern& pattern, const Phase& f, const Piece& p, const Image& images) {
  const AxisPhase &y = *f.y, &x = *f.x;
  const Image image = images.number(p.image);
  const ptrdiff_t pixel = pattern.channels, line = image.w * pixel, place = x.in_step * pixel;
  View view{image.data + p.y0 * y.in_step * line + p.x0 * place,
            y.in_step * line,
            place,
            pattern.pixels * place,
            {},
            {},
            0};
  for (const Tap& tap : y.taps) view.down.push_back(tap.offset * line);
  for (const Tap& tap : x.taps) view.across.push_back(tap.offset * pixel);
  view.tap_step = tap_step_of(view.across);
  return view;
}

}  // namespace fovea::FOVEA_ISA::conv::depthwise
