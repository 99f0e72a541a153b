#include "conv_depthwise_view.h"

#include <algorithm>
#include <numeric>

#include "conv_micro.h"
#include "lanes.h"

namespace fovea::FOVEA_ISA::depthwise {
namespace {

struct Range {
  int begin, end;
  int size() const { return end - begin; }
};

/** The places of an axis whose windows lie in the image. */
Range inside(const AxisPhase& a, int size) {
  const int begin = std::clamp(ceil_div(std::max(-a.first(), 0), a.in_step), 0, a.count);
  const int beyond = size - 1 - a.last();
  return {begin, std::clamp(beyond < 0 ? 0 : beyond / a.in_step + 1, begin, a.count)};
}

/** A piece's rows of the image, and pixels of a row: in each residue of the step, and residues. */
int height_of(const Piece& p) { return (p.rows - 1) * p.y->in_step + p.y->last() - p.y->first() + 1; }
int width_of(const Piece& p) { return p.columns + (p.x->last() - p.x->first()) / p.x->in_step; }
int residues_of(const Piece& p) { return std::min(p.x->in_step, p.x->last() - p.x->first() + 1); }

/** Cuts `whole`, a rectangle of places, into equal ones of the right size. */
void cut(const Pattern& pattern, const Piece& whole, int images, std::vector<Piece>& pieces) {
  constexpr ptrdiff_t kBytes = 128 << 10;
  const AxisPhase &y = *whole.y, &x = *whole.x;
  const ptrdiff_t pixel = (ptrdiff_t)sizeof(float) * pattern.channels * x.in_step;
  const int span = y.last() - y.first() + 1;
  const int widest = (int)std::clamp<ptrdiff_t>(kBytes / (pixel * (span + 3 * y.in_step)), 32, 1 << 20);
  const int width = round_up(ceil_div(whole.columns, ceil_div(whole.columns, widest)), pattern.pixels);
  const ptrdiff_t fit = (kBytes / (pixel * width) - span) / y.in_step + 1;
  const int wanted = ceil_div(16, images * ceil_div(whole.columns, width));  // to keep a few threads busy
  const int highest = (int)std::max<ptrdiff_t>(1, std::min<ptrdiff_t>(fit, std::max(4, whole.rows / wanted)));
  const int height = ceil_div(whole.rows, ceil_div(whole.rows, highest));
  for (int i = 0; i < whole.rows; i += height)
    for (int j = 0; j < whole.columns; j += width) {
      Piece piece = whole;
      piece.y0 += i, piece.rows = std::min(height, whole.rows - i);
      piece.x0 += j, piece.columns = std::min(width, whole.columns - j);
      pieces.push_back(piece);
    }
}

}  // namespace

Pattern::Pattern(const Plan& plan, int channels) : channels(channels) {
  constexpr int kMostNumbers = 256;
  const bool apart = plan.x[0].in_step > 1 || plan.x[0].out_step > 1;
  const int whole = std::lcm(channels, kLanes);
  numbers = whole <= kMostNumbers && !(apart && channels > kLanes) ? whole : channels;
  pixels = numbers / channels;
  vectors = ceil_div(numbers, kLanes);
}

std::vector<Piece> pieces_of(const Pattern& pattern, const Plan& plan, int n, int h, int w) {
  std::vector<Piece> pieces;
  int phase = 0;
  for (const AxisPhase& y : plan.y)
    for (const AxisPhase& x : plan.x) {
      Range rows = inside(y, h), columns = inside(x, w);
      columns.end -= columns.size() % pattern.pixels;
      // Of groups of pixels the sides leave rests, which short rows do not outweigh.
      const bool fits = pattern.pixels == 1 || (x.in_step == 1 && columns.size() >= 8 * pattern.pixels);
      if (!fits || rows.size() == 0 || columns.size() == 0) rows = columns = {0, 0};
      const Range down[] = {{0, rows.begin}, rows, {rows.end, y.count}};
      const Range across[] = {{0, columns.begin}, columns, {columns.end, x.count}};
      for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
          if (down[i].size() > 0 && across[j].size() > 0)
            cut(pattern,
                {&y, &x, phase, 0, down[i].begin, across[j].begin, down[i].size(), across[j].size(),
                 i == 1 && j == 1},
                n, pieces);
      phase++;
    }
  const auto place = [](const Piece& p) { return (double)p.y0 / p.y->count; };
  std::stable_sort(pieces.begin(), pieces.end(),
                   [&](const Piece& a, const Piece& b) { return place(a) < place(b); });
  const size_t each = pieces.size();
  for (size_t i = each; i < each * n; i++) {
    pieces.push_back(pieces[i - each]);
    pieces.back().image++;
  }
  return pieces;
}

void take_row(const Pattern& pattern, const Image& image, int y, int x, int step, int count, float* to) {
  const ptrdiff_t channels = pattern.channels;
  float* const row_end = to + pattern.row_size(count);
  const int begin = std::clamp(ceil_div(std::max(-x, 0), step), 0, count);
  const bool beyond = y < 0 || y >= image.h || x >= image.w;
  const int end = beyond ? begin : std::clamp((image.w - 1 - x) / step + 1, begin, count);
  std::fill(to, to + begin * channels, 0.0f);
  const float* const from = image.data + ((ptrdiff_t)y * image.w + x) * channels;
  if (step == 1)
    copy_ahead(to + begin * channels, from + begin * channels, (end - begin) * channels);
  else
    for (int i = begin; i < end; i++)
      for_lanes(channels, [&](int64_t c, auto lanes) {
        lanes.put(to + i * channels + c, lanes.get(from + i * step * channels + c));
      });
  std::fill(to + end * channels, row_end, 0.0f);
}

ptrdiff_t view_size(const Pattern& pattern, const Piece& p) {
  return p.in_place ? 0 : height_of(p) * residues_of(p) * pattern.row_size(width_of(p));
}

View take_view(const Pattern& pattern, const Piece& p, const Image& images, float* room) {
  const AxisPhase &y = *p.y, &x = *p.x;
  const Image image = images.number(p.image);
  const int top = p.y0 * y.in_step + y.first(), left = p.x0 * x.in_step + x.first();
  const ptrdiff_t pixel = pattern.channels;
  // In place a residue is one pixel on; in a copy all of one residue's pixels come first.
  const ptrdiff_t residue = p.in_place ? pixel : pattern.row_size(width_of(p));
  const ptrdiff_t place = p.in_place ? x.in_step * pixel : pixel;
  const ptrdiff_t row = p.in_place ? image.w * pixel : residues_of(p) * residue;
  View view{room, y.in_step * row, pattern.pixels * place, {}, (int)x.taps.size(), 0};
  if (p.in_place) {
    view.data = image.data + top * row + left * pixel;
  } else {
    for (int i = 0; i < height_of(p); i++)
      for (int r = 0; r < residues_of(p); r++)
        take_row(pattern, image, top + i, left + r, x.in_step, width_of(p), room + i * row + r * residue);
  }
  for (const Tap& ty : y.taps)
    for (const Tap& tx : x.taps) {
      const int right = tx.offset - x.first();
      view.taps.push_back((ty.offset - y.first()) * row + right % x.in_step * residue +
                          right / x.in_step * place);
    }
  if (!view.taps.empty() && view.row_taps > 1 && (view.taps[1] - view.taps[0]) % view.group == 0) {
    const ptrdiff_t step = view.taps[1] - view.taps[0];
    bool even = true;
    for (int i = 2; i < view.row_taps; i++) even = even && view.taps[i] - view.taps[i - 1] == step;
    if (even) view.tap_groups = (int)(step / view.group);
  }
  return view;
}

}  // namespace fovea::FOVEA_ISA::depthwise
