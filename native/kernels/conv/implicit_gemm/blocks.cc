#include "kernels/conv/implicit_gemm/blocks.h"

#include <algorithm>
#include <cmath>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

constexpr int kMinBlocks = 16;  // that many keep a few threads busy
constexpr int kFewSteps = 32;   // of a sum, beside which a block's and a tile's begin weigh much

// Positions of a block: more than the least, unless it has much to do with each of them.
constexpr int kMinPositions = 8 * kMaxRows, kMaxPositions = 1024;

/** Pixels of the input that stay in L2. */
int pixels_held(const Gather& g) { return (192 << 10) / (int)(sizeof(float) * g.in_c / g.groups); }

/** The fewest positions for which a block is worth its start. */
int min_positions(const Gather& g, const WeightPanels& panels, const AxisPhase& y, const AxisPhase& x) {
  constexpr int kMin = 300;  // products of a position
  // Several panels are made by several blocks.
  if (panels.count() > 1) return kMinPositions;
  const int products = (int)(y.taps.size() * x.taps.size()) * g.in_c / g.groups;
  return products > kMin ? std::max(kMinPositions * kMin / products, kMaxRows) : kMinPositions;
}

/** Rows of blocks so many columns wide, `others` besides which there are of one row of blocks. Sizes depend on shapes
 * alone. */
int rows_of_blocks(const Gather& g, const WeightPanels& panels, const AxisPhase& y, const AxisPhase& x,
                   int columns, int others) {
  const int held = pixels_held(g) / (columns * x.in_step * y.in_step);
  const int positions = g.products() < kFewSteps ? 3 * kMaxPositions : kMaxPositions;
  int most = std::clamp(held, 1, std::max(1, positions / columns));
  const int min_rows_of_blocks = ceil_div(kMinBlocks, others);
  if (min_rows_of_blocks > 1)
    most = std::min(most, std::max(ceil_div(y.count, min_rows_of_blocks),
                                   ceil_div(min_positions(g, panels, y, x), columns)));
  int parts = ceil_div(y.count, most);
  const int blocks = others * panels.count() * parts;
  const bool is_all = columns == x.count, leaves_one = blocks % 2 && 1 < blocks && blocks < kMinBlocks / 2;
  if (is_all && leaves_one) parts = std::min(2 * parts, y.count);  // two threads have as much to do
  return ceil_div(y.count, parts);
}

/** Blocks are cut at multiples of so many columns: a single row, as all pixels of a 1x1 convolution are, at whole tiles. */
int unit_of(const WeightPanels& panels, const AxisPhase& y) { return y.count == 1 ? panels.max_rows() : 1; }

/** So many blocks cover so many columns. */
int parts_of(const Gather& g, const WeightPanels& panels, const AxisPhase& y, int columns) {
  constexpr int kWide = 96, kUsual = 64;
  if (columns <= kWide) return 1;
  if (y.count > 1) return ceil_div(columns, kUsual);
  const int unit = unit_of(panels, y), most = std::clamp(pixels_held(g), kUsual, kMaxPositions) / unit * unit;
  return std::max(ceil_div(columns, most), std::min(kMinBlocks, columns / kMinPositions));
}

/** What tiles for so many positions take, in cycles: those of a few wait for their sums. */
double tiles_cost(const Gather& g, const WeightPanels& panels, double positions, bool gathered, int taps,
                  int runs) {
  const int most = panels.max_rows(),
            tiles = (int)std::ceil(positions / (gathered ? std::min(kMaxGathered, most) : most));
  const double rows = positions / tiles, steps = (double)taps * g.in_c;
  double cost = 0;
  for (int o = 0, columns; o < g.out_c; o += columns) {
    columns = panels.outputs(o);
    const int vectors = ceil_div(columns, kLanes);
    const double products = rows * vectors * (is_double_pumped() ? 1 : 0.5);
    const double step =
        vectors == 1 ? std::max(4.0, (gathered ? 1.14 : 1.04) * products + 0.5) : std::max(4.6, products);
    cost += step * steps + (gathered ? 65 + 17 * runs : vectors == 1 ? 35 : 22);
  }
  return tiles * cost;
}

/** So many images may share tiles: those of a few stay in L2. */
int images_together(const Gather& g) {
  const size_t image = sizeof(float) * g.in_h * g.in_w * g.in_c;
  return (int)std::clamp<size_t>(cpu().l2 / 2 / image, 1, g.n);
}

/** Whether border pixels get blocks of their own. Then no padded copy is made and no zero multiplied, at the price of smaller tiles
 * and more blocks. */
enum class Cut { nowhere, between_columns, everywhere };

/** The cut that takes the fewest cycles, by estimates that hold within some percent. */
Cut cut_of(const Gather& g, const WeightPanels& panels, const AxisPhase& y, const AxisPhase& x) {
  constexpr double kBlock = 1500, kGain = 0.98, kGainOfMany = 0.95;
  const int all_x = (int)x.taps.size(), all_y = (int)y.taps.size();
  const bool has_positions = y.count > 0 && x.count > 0;
  if (!has_positions || g.groups > 1 || all_x * all_y * g.in_c < kFewSteps) return Cut::nowhere;
  const int most = panels.max_rows(), joined = images_together(g);
  const std::vector<Segment> down = segments_of(y, g.in_h), across = segments_of(x, g.in_w);
  const bool is_near = sizeof(float) * g.n * g.in_h * g.in_w * g.in_c < cpu().l2;
  const auto copies = [&](int columns) {
    const double vector = is_near ? 3 : 10;
    const int rows = rows_of_blocks(g, panels, y, x, columns, g.n * parts_of(g, panels, y, columns));
    const double high = rows * y.in_step + y.last() - y.first(),
                 wide = columns * x.in_step + x.last() - x.first();
    return vector * g.n * ceil_div(y.count, rows) * high * wide * g.in_c / kLanes;
  };
  // Of columns with so many taps of a row in bounds, in blocks of their own. Rows that wrap round are a copy with zeros above and
  // below, or are split where other taps are in bounds.
  const auto cost = [&](int columns, int taps, bool split_rows) {
    const bool wrap = wraps(columns, most);
    const int runs = x.is_joined() ? 1 : taps;
    if (wrap && !split_rows)
      return g.n * (kBlock + tiles_cost(g, panels, y.count * columns, true, all_y * taps, all_y * runs)) +
             copies(columns);
    double sum = wrap ? 0 : kBlock * g.n;
    for (const Segment& d : down) {
      const int in_bounds = d.taps.size(), positions = d.size() * columns;
      if (wrap)
        sum += (double)g.n / joined *
               (kBlock + tiles_cost(g, panels, joined * positions, true, in_bounds * taps, in_bounds * runs));
      else
        sum += g.n * d.size() * tiles_cost(g, panels, columns, false, in_bounds * taps, in_bounds * runs);
    }
    return sum;
  };
  double between = 0, everywhere = 0, nowhere = cost(x.count, all_x, false);
  if (!wraps(x.count, most) && across.size() > 1) nowhere += copies(x.count);
  for (const Segment& s : across) {
    between += cost(s.size(), s.taps.size(), false);
    everywhere += cost(s.size(), s.taps.size(), true);
  }
  if (everywhere < kGainOfMany * std::min(nowhere, between)) return Cut::everywhere;
  return between < kGain * nowhere ? Cut::between_columns : Cut::nowhere;
}

/** What a block has of a phase's positions, of each of its images. */
struct Positions {
  Segment across;
  int y0, rows, images;
  int count() const { return across.size() * rows * images; }
};

/** All positions, in rectangles; `others` besides them there are of one row of rectangles. */
std::vector<Positions> positions_of(const Gather& g, const WeightPanels& panels, const AxisPhase& y,
                                    const AxisPhase& x, int others) {
  const Cut cut = cut_of(g, panels, y, x);
  const int enough = std::max(g.n * y.count * x.count / kMinBlocks, min_positions(g, panels, y, x));
  std::vector<Segment> segments = segments_of(x, g.in_w), whole = {{0, y.count, {}}};
  if (cut == Cut::nowhere) segments = {{0, x.count, {0, (int)x.taps.size()}}};
  std::vector<Positions> positions;
  for (const Segment& s : segments) {
    const int parts = parts_of(g, panels, y, s.size()), unit = unit_of(panels, y),
              units = ceil_div(s.size(), unit);
    const auto at = [&](int i) { return s.begin + std::min(part_start(units, i, parts) * unit, s.size()); };
    const bool separate = cut == Cut::everywhere && wraps(s.size(), panels.max_rows());
    for (int i = 0; i < parts; i++) {
      const Segment across = {at(i), at(i + 1), s.taps};
      for (const Segment& down : separate ? segments_of(y, g.in_h) : whole) {
        const int most = rows_of_blocks(g, panels, y, x, across.size(), others);
        const int rows = ceil_div(down.size(), ceil_div(down.size(), most));
        const int images = separate ? std::clamp(enough / (rows * across.size()), 1, images_together(g)) : 1;
        for (int y0 = down.begin; y0 < down.end; y0 += rows)
          positions.push_back({across, y0, std::min(rows, down.end - y0), images});
      }
    }
  }
  return positions;
}

/** Outputs of a group that one block makes, in whole panels. */
struct Portion {
  int first, outputs;
  size_t weights;  // where those of the first group begin
};

}  // namespace

bool columns_are_split(const Gather& g, const AxisPhase& y, const AxisPhase& x) {
  return cut_of(g, WeightPanels(g), y, x) != Cut::nowhere;
}

bool wraps(int columns, int max_rows) {
  return columns < ceil_div(columns, max_rows) * (std::min(kMaxGathered, max_rows) * 3 / 4);
}

std::vector<Block> blocks_of(const Gather& g, const WeightPanels& panels) {
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups, count = panels.count();
  const int phases = (int)(g.plan.y.size() * g.plan.x.size());
  std::vector<Block> blocks;
  // Where weights leave L2 and images are small, the part of the weights that fits there is read for
  // all images in turn.
  const size_t image_bytes = sizeof(float) * g.in_h * g.in_w * channels, l2_part = cpu().l2 / 2;
  const bool heavy = sizeof(float) * weights_size(g) / g.groups > l2_part && image_bytes < l2_part / 4;
  bool by_weights = heavy;
  size_t packed = 0;
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      const size_t taps = y.taps.size() * x.taps.size(), depth = taps * channels;
      const size_t panel_bytes = sizeof(float) * depth * kPanel;
      const size_t weights = packed;
      packed += taps * g.groups * panels.size();
      if (y.count == 0 || x.count == 0) continue;
      const std::vector<Positions> all =
          positions_of(g, panels, y, x, g.n * parts_of(g, panels, y, x.count) * phases);
      int most = 1;
      for (const Positions& p : all) most = std::max(most, p.count());
      const int others = std::max(g.n * y.count * x.count / most, 1) * phases * g.groups;
      const int portions = others < kMinBlocks / 2 ? round_up(ceil_div(kMinBlocks / 2, others), 2) : 1;
      int portion = ceil_div(count, std::min(count, portions));
      if (heavy && depth > 0) portion = std::min(portion, (int)std::max<size_t>(l2_part / panel_bytes, 1));
      by_weights = by_weights || 4 * portion <= count;
      portion = ceil_div(count, ceil_div(count, portion));
      std::vector<Portion> shares;  // of the outputs
      for (int c = 0, left = 0, size; c < outputs; c += size) {
        size = panels.outputs(c);
        const bool goes_on = c > 0 && panels.width(size) < kLanes;
        if (left == 0 && !goes_on) shares.push_back({c, 0, weights + taps * panels.size(c)}), left = portion;
        shares.back().outputs += size;
        left -= !goes_on;
      }
      for (const Positions& p : all)
        for (int image = 0; image < g.n; image += p.images)
          for (int group = 0; group < g.groups; group++)
            for (const Portion& share : shares)
              blocks.push_back({&y, &x, p.across, image, std::min(p.images, g.n - image), group, p.y0, p.rows,
                                share.first, share.outputs, share.weights + taps * group * panels.size()});
    }
  }
  if (by_weights) {
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

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
