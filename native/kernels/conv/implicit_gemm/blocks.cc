#include "kernels/conv/implicit_gemm/blocks.h"

#include <algorithm>
#include <cmath>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

constexpr int kEnoughBlocks = 16;  // that many keep a few threads busy
constexpr int kFewSteps = 32;      // of a sum, beside which a block's and a tile's begin weigh much

// Places of a block: more than the least, unless it has much to do with each of them.
constexpr int kLeastPlaces = 8 * kMaxRows, kMostPlaces = 1024;

/** Pixels of the input that stay in the second-level cache. */
int pixels_held(const Gather& g) { return (192 << 10) / (int)(sizeof(float) * g.in_c / g.groups); }

/** The fewest places for which a block is worth its start. */
int least_places(const Gather& g, const WeightPanels& panels, const AxisPhase& y, const AxisPhase& x) {
  constexpr int kLeast = 300;  // products of a place
  // Several panels are made by several blocks.
  if (panels.count() > 1) return kLeastPlaces;
  const int products = (int)(y.taps.size() * x.taps.size()) * g.in_c / g.groups;
  return products > kLeast ? std::max(kLeastPlaces * kLeast / products, kMaxRows) : kLeastPlaces;
}

/** Rows of blocks so many columns wide, `others` besides which there are of one row of blocks. Sizes depend on shapes
 * alone. */
int rows_of_blocks(const Gather& g, const WeightPanels& panels, const AxisPhase& y, const AxisPhase& x,
                   int columns, int others) {
  const int held = pixels_held(g) / (columns * x.in_step * y.in_step);
  const int places = g.products() < kFewSteps ? 3 * kMostPlaces : kMostPlaces;
  int most = std::clamp(held, 1, std::max(1, places / columns));
  const int wanted = ceil_div(kEnoughBlocks, others);
  if (wanted > 1)
    most =
        std::min(most, std::max(ceil_div(y.count, wanted), ceil_div(least_places(g, panels, y, x), columns)));
  int parts = ceil_div(y.count, most);
  const int blocks = others * panels.count() * parts;
  const bool is_all = columns == x.count, leaves_one = blocks % 2 && 1 < blocks && blocks < kEnoughBlocks / 2;
  if (is_all && leaves_one) parts = std::min(2 * parts, y.count);  // two threads have as much to do
  return ceil_div(y.count, parts);
}

/** Blocks are cut at multiples of so many columns: a single row, as all pixels of a 1x1 convolution are, at whole tiles. */
int unit_of(const WeightPanels& panels, const AxisPhase& y) { return y.count == 1 ? panels.most_rows() : 1; }

/** So many blocks cover so many columns. */
int parts_of(const Gather& g, const WeightPanels& panels, const AxisPhase& y, int columns) {
  constexpr int kWide = 96, kUsual = 64;
  if (columns <= kWide) return 1;
  if (y.count > 1) return ceil_div(columns, kUsual);
  const int unit = unit_of(panels, y), most = std::clamp(pixels_held(g), kUsual, kMostPlaces) / unit * unit;
  return std::max(ceil_div(columns, most), std::min(kEnoughBlocks, columns / kLeastPlaces));
}

/** What tiles for so many places take, in cycles: those of a few wait for their sums. */
double tiles_cost(const Gather& g, const WeightPanels& panels, double places, bool scattered, int taps,
                  int runs) {
  const int most = panels.most_rows(),
            tiles = (int)std::ceil(places / (scattered ? std::min(kMaxScattered, most) : most));
  const double rows = places / tiles, steps = (double)taps * g.in_c;
  double cost = 0;
  for (int o = 0, columns; o < g.out_c; o += columns) {
    columns = panels.outputs(o);
    const int vectors = ceil_div(columns, kLanes);
    const double products = rows * vectors * (is_double_pumped() ? 1 : 0.5);
    const double step =
        vectors == 1 ? std::max(4.0, (scattered ? 1.14 : 1.04) * products + 0.5) : std::max(4.6, products);
    cost += step * steps + (scattered ? 65 + 17 * runs : vectors == 1 ? 35 : 22);
  }
  return tiles * cost;
}

/** So many images may share tiles: those of a few stay in the second-level cache. */
int images_together(const Gather& g) {
  const size_t image = sizeof(float) * g.in_h * g.in_w * g.in_c;
  return (int)std::clamp<size_t>(cpu().l2 / 2 / image, 1, g.n);
}

/** Which places are made apart, from which other taps meet the image: it is read where it lies then, and no zeros are
 * multiplied. But tiles that have few places, or wrap round, and more blocks are the price. */
enum class Cut { nowhere, between_columns, everywhere };

/** The cut that takes the fewest cycles, by estimates that hold within some percent. */
Cut cut_of(const Gather& g, const WeightPanels& panels, const AxisPhase& y, const AxisPhase& x) {
  constexpr double kBlock = 1500, kGain = 0.98, kGainOfMany = 0.95;
  const int all_x = (int)x.taps.size(), all_y = (int)y.taps.size();
  const bool has_places = y.count > 0 && x.count > 0;
  if (!has_places || g.groups > 1 || all_x * all_y * g.in_c < kFewSteps) return Cut::nowhere;
  const int most = panels.most_rows(), joined = images_together(g);
  const std::vector<Segment> down = segments_of(y, g.in_h), across = segments_of(x, g.in_w);
  const bool is_near = sizeof(float) * g.n * g.in_h * g.in_w * g.in_c < cpu().l2;
  const auto copies = [&](int columns) {
    const double vector = is_near ? 3 : 10;
    const int rows = rows_of_blocks(g, panels, y, x, columns, g.n * parts_of(g, panels, y, columns));
    const double high = rows * y.in_step + y.last() - y.first(),
                 wide = columns * x.in_step + x.last() - x.first();
    return vector * g.n * ceil_div(y.count, rows) * high * wide * g.in_c / kLanes;
  };
  // Columns which so many taps of a row meet, in their own blocks; rows that wrap round as a copy with zeros above and
  // below, or each apart that other taps meet.
  const auto cost = [&](int columns, int taps, bool rows_apart) {
    const bool wrap = wraps(columns, most);
    const int runs = x.is_joined() ? 1 : taps;
    if (wrap && !rows_apart)
      return g.n * (kBlock + tiles_cost(g, panels, y.count * columns, true, all_y * taps, all_y * runs)) +
             copies(columns);
    double sum = wrap ? 0 : kBlock * g.n;
    for (const Segment& d : down) {
      const int met = d.taps.size(), places = d.size() * columns;
      if (wrap)
        sum += (double)g.n / joined *
               (kBlock + tiles_cost(g, panels, joined * places, true, met * taps, met * runs));
      else
        sum += g.n * d.size() * tiles_cost(g, panels, columns, false, met * taps, met * runs);
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

/** What a block has of a phase's places, of each of its images. */
struct Places {
  Segment across;
  int y0, rows, images;
  int count() const { return across.size() * rows * images; }
};

/** All places, in rectangles; `others` besides them there are of one row of rectangles. */
std::vector<Places> places_of(const Gather& g, const WeightPanels& panels, const AxisPhase& y,
                              const AxisPhase& x, int others) {
  const Cut cut = cut_of(g, panels, y, x);
  const int enough = std::max(g.n * y.count * x.count / kEnoughBlocks, least_places(g, panels, y, x));
  std::vector<Segment> segments = segments_of(x, g.in_w), whole = {{0, y.count, {}}};
  if (cut == Cut::nowhere) segments = {{0, x.count, {0, (int)x.taps.size()}}};
  std::vector<Places> places;
  for (const Segment& s : segments) {
    const int parts = parts_of(g, panels, y, s.size()), unit = unit_of(panels, y),
              units = ceil_div(s.size(), unit);
    const auto at = [&](int i) {
      return s.begin + std::min((int)((int64_t)units * i / parts) * unit, s.size());
    };
    const bool apart = cut == Cut::everywhere && wraps(s.size(), panels.most_rows());
    for (int i = 0; i < parts; i++) {
      const Segment across = {at(i), at(i + 1), s.taps};
      for (const Segment& down : apart ? segments_of(y, g.in_h) : whole) {
        const int most = rows_of_blocks(g, panels, y, x, across.size(), others);
        const int rows = ceil_div(down.size(), ceil_div(down.size(), most));
        const int images = apart ? std::clamp(enough / (rows * across.size()), 1, images_together(g)) : 1;
        for (int y0 = down.begin; y0 < down.end; y0 += rows)
          places.push_back({across, y0, std::min(rows, down.end - y0), images});
      }
    }
  }
  return places;
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

bool wraps(int columns, int most_rows) {
  return columns < ceil_div(columns, most_rows) * (std::min(kMaxScattered, most_rows) * 3 / 4);
}

std::vector<Block> blocks_of(const Gather& g, const WeightPanels& panels) {
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups, count = panels.count();
  const int phases = (int)(g.plan.y.size() * g.plan.x.size());
  std::vector<Block> blocks;
  // Where weights leave the second-level cache and images are small, the part of the weights that fits there is read for
  // all images in turn.
  const size_t image_bytes = sizeof(float) * g.in_h * g.in_w * channels, near = cpu().l2 / 2;
  const bool heavy = sizeof(float) * weights_size(g) / g.groups > near && image_bytes < near / 4;
  bool by_weights = heavy;
  size_t packed = 0;
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      const size_t taps = y.taps.size() * x.taps.size(), depth = taps * channels;
      const size_t panel_bytes = sizeof(float) * depth * kPanel;
      const size_t weights = packed;
      packed += taps * g.groups * panels.size();
      if (y.count == 0 || x.count == 0) continue;
      const std::vector<Places> all =
          places_of(g, panels, y, x, g.n * parts_of(g, panels, y, x.count) * phases);
      int most = 1;
      for (const Places& p : all) most = std::max(most, p.count());
      const int others = std::max(g.n * y.count * x.count / most, 1) * phases * g.groups;
      const int portions = others < kEnoughBlocks / 2 ? round_up(ceil_div(kEnoughBlocks / 2, others), 2) : 1;
      int portion = ceil_div(count, std::min(count, portions));
      if (heavy && depth > 0) portion = std::min(portion, (int)std::max<size_t>(near / panel_bytes, 1));
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
      for (const Places& p : all)
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
