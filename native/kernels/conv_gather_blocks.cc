#include "conv_gather_blocks.h"

#include <algorithm>

#include "conv_micro.h"
#include "cpu.h"

namespace fovea::FOVEA_ISA {
namespace {

constexpr int kEnoughBlocks = 16;  // that many keep a few threads busy

constexpr int kLeastPlaces = 8 * kMaxRows, kMostPlaces = 1024;  // of a block

/** Pixels of the input that stay in the second-level cache. */
int pixels_held(const Gather& g) { return (192 << 10) / (int)(sizeof(float) * g.in_c / g.groups); }

/** Rows of blocks so many columns wide, `others` besides which there are of one row of blocks. Sizes depend on shapes
 * alone. */
int rows_of_blocks(const Gather& g, const AxisPhase& y, const AxisPhase& x, int columns, int others) {
  const int held = pixels_held(g) / (columns * x.in_step * y.in_step);
  int most = std::clamp(held, 1, std::max(1, kMostPlaces / columns));
  const int wanted = ceil_div(kEnoughBlocks, others);
  if (wanted > 1) most = std::min(most, std::max(ceil_div(y.count, wanted), ceil_div(kLeastPlaces, columns)));
  return ceil_div(y.count, ceil_div(y.count, most));
}

/** Blocks are cut at multiples of so many columns: a single row, as all pixels of a 1x1 convolution are, at whole tiles. */
int unit_of(const Gather& g, const AxisPhase& y) { return y.count == 1 ? most_rows(g.out_c / g.groups) : 1; }

/** So many blocks cover so many columns. */
int parts_of(const Gather& g, const AxisPhase& y, int columns) {
  constexpr int kWide = 96, kUsual = 64;
  if (columns <= kWide) return 1;
  if (y.count > 1) return ceil_div(columns, kUsual);
  const int unit = unit_of(g, y), most = std::clamp(pixels_held(g), kUsual, kMostPlaces) / unit * unit;
  return std::max(ceil_div(columns, most), std::min(kEnoughBlocks, columns / kLeastPlaces));
}

/** The columns of blocks: from those of a block the same taps meet the image, so that it is read where it lies and no
 * zeros are multiplied. Not where that would leave few places to tiles that have little to do, nor for few channels,
 * whose copies take no time. */
std::vector<Segment> columns_of(const Gather& g, const AxisPhase& y, const AxisPhase& x) {
  constexpr int kEnoughRows = 6, kEnoughColumns = 12, kFewChannels = 8, kManyChannels = 96;
  std::vector<Segment> columns, segments = segments_of(x, g.in_w);
  int widest = 0;
  for (const Segment& s : segments) widest = std::max(widest, s.size());
  const bool places = y.count >= kEnoughRows && (widest >= kEnoughColumns || g.in_c >= kManyChannels);
  if (g.groups > 1 || g.in_c < kFewChannels || !places) segments = {{0, x.count, {0, (int)x.taps.size()}}};
  for (const Segment& s : segments) {
    const int parts = parts_of(g, y, s.size()), unit = unit_of(g, y), units = ceil_div(s.size(), unit);
    const auto cut = [&](int i) {
      return s.begin + std::min((int)((int64_t)units * i / parts) * unit, s.size());
    };
    for (int i = 0; i < parts; i++) columns.push_back({cut(i), cut(i + 1), s.taps});
  }
  return columns;
}

}  // namespace

std::vector<Block> blocks_of(const Gather& g, const WeightPanels& panels, const float* packed) {
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups, count = ceil_div(outputs, kPanel);
  std::vector<Block> blocks;
  // Where weights leave the second-level cache and images are small, the part of the weights that fits there is read for
  // all images in turn.
  const size_t image_bytes = sizeof(float) * g.in_h * g.in_w * channels, near = cpu().l2 / 2;
  const bool heavy = sizeof(float) * packed_weights_size(g) / g.groups > near && image_bytes < near / 4;
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      const size_t taps = y.taps.size() * x.taps.size(), depth = taps * channels;
      const size_t panel_bytes = sizeof(float) * depth * kPanel;
      const float* weights = packed;
      packed += taps * g.groups * panels.size();
      if (y.count == 0 || x.count == 0) continue;
      const int others = g.n * parts_of(g, y, x.count) * (int)(g.plan.y.size() * g.plan.x.size());
      for (const Segment& across : columns_of(g, y, x)) {
        const int rows = rows_of_blocks(g, y, x, across.size(), others);
        const int places = others * g.groups * ceil_div(y.count, rows);
        int portion = ceil_div(count, std::min(count, ceil_div(kEnoughBlocks / 2, places)));
        if (heavy && depth > 0) portion = std::min(portion, (int)std::max<size_t>(near / panel_bytes, 1));
        portion = ceil_div(count, ceil_div(count, portion)) * kPanel;
        for (int image = 0; image < g.n; image++)
          for (int y0 = 0; y0 < y.count; y0 += rows)
            for (int group = 0; group < g.groups; group++)
              for (int c = 0; c < outputs; c += portion)
                blocks.push_back({&y, &x, across, image, group, y0, std::min(rows, y.count - y0), c,
                                  std::min(portion, outputs - c),
                                  weights + taps * (group * panels.size() + panels.size(c))});
      }
    }
  }
  if (heavy) {
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Block& a, const Block& b) { return a.weights < b.weights; });
    return blocks;
  }
  // Phases, and the blocks of a row, take turns: they read the same parts of the image.
  const auto place = [](const Block& b) { return b.image + (double)b.y0 / b.y->count; };
  std::stable_sort(blocks.begin(), blocks.end(),
                   [&](const Block& a, const Block& b) { return place(a) < place(b); });
  return blocks;
}

}  // namespace fovea::FOVEA_ISA
