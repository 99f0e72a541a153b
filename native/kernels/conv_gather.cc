#include "conv_gather.h"

#include <algorithm>
#include <cstdint>

#include "../core_distance.h"
#include "../thread_pool.h"
#include "conv_band.h"
#include "conv_micro.h"
#include "cpu.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The size of part `index` of `parts` nearly equal parts of `whole`. */
int share(int whole, int index, int parts) {
  return (int)((int64_t)whole * (index + 1) / parts - (int64_t)whole * index / parts);
}

/** A rectangle of one phase's output places, for some of one group's output channels. */
struct Block {
  const AxisPhase *y, *x;
  int image, group, y0, x0, rows, columns;
  int channel, channels;  // within the group
  const float* weights;   // of the phase, group and first panel
};

constexpr int kShortRun = 8;       // runs of up to so many steps have each of them listed
constexpr int kEnoughBlocks = 16;  // that many keep a few threads busy

/** Rows of blocks so many columns wide, `others` besides which there are of one row of blocks: their input stays in the
 * second-level cache. Sizes depend on shapes alone. */
int rows_of_blocks(const Gather& g, const AxisPhase& y, const AxisPhase& x, int columns, int others) {
  const size_t row_bytes = sizeof(float) * (g.in_c / g.groups) * columns * x.in_step * y.in_step;
  int most = (int)std::clamp<size_t>((192 << 10) / row_bytes, 1, std::max(1, 1024 / columns));
  const int wanted = ceil_div(kEnoughBlocks, others);
  if (wanted > 1) most = std::min(most, std::max(ceil_div(y.count, wanted), ceil_div(8 * kMaxRows, columns)));
  return ceil_div(y.count, ceil_div(y.count, most));
}

/** So many blocks cover so many columns. */
int parts_of(int columns) { return columns <= 96 ? 1 : ceil_div(columns, 64); }

/** Where blocks of a phase begin, along x, and end. Between the image's sides they read it where it lies; at the sides
 * they cannot. */
std::vector<int> column_cuts(const Gather& g, const AxisPhase& x) {
  constexpr int kEnough = 16, kFew = 8;  // columns between the sides; channels, which are copied in no time
  auto [begin, end] = places_inside(x, g.in_w);
  if (g.groups > 1 || g.in_c < kFew || end - begin < kEnough) begin = 0, end = x.count;
  const int parts = parts_of(end - begin);
  std::vector<int> cuts;
  if (begin > 0) cuts.push_back(0);
  for (int i = 0; i <= parts; i++) cuts.push_back(begin + (int)((int64_t)(end - begin) * i / parts));
  if (end < x.count) cuts.push_back(x.count);
  return cuts;
}

std::vector<Block> blocks_of(const Gather& g, const float* packed) {
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups;
  std::vector<Block> blocks;
  // Where weights leave the second-level cache and images are small, the part of the weights that fits there is read for
  // all images in turn.
  const size_t image_bytes = sizeof(float) * g.in_h * g.in_w * channels, near = cpu().l2 / 2;
  const bool heavy = sizeof(float) * packed_weights_size(g) / g.groups > near && image_bytes < near / 4;
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      const size_t depth = y.taps.size() * x.taps.size() * channels;
      const float* weights = packed;
      packed += depth * g.groups * round_up(outputs, kLanes);
      if (y.count == 0 || x.count == 0) continue;
      const std::vector<int> cuts = column_cuts(g, x);
      const int others = g.n * parts_of(x.count) * (int)(g.plan.y.size() * g.plan.x.size());
      for (size_t cut = 0; cut + 1 < cuts.size(); cut++) {
        const int x0 = cuts[cut], columns = cuts[cut + 1] - x0;
        const int rows = rows_of_blocks(g, y, x, columns, others);
        const int places = others * g.groups * ceil_div(y.count, rows);
        const int panels = ceil_div(outputs, kPanel);
        int portion = ceil_div(panels, std::min(panels, ceil_div(kEnoughBlocks / 2, places)));
        const size_t panel_bytes = sizeof(float) * depth * kPanel;
        if (heavy) portion = std::min(portion, (int)std::max<size_t>(near / panel_bytes, 1));
        portion = ceil_div(panels, ceil_div(panels, portion)) * kPanel;
        for (int image = 0; image < g.n; image++)
          for (int y0 = 0; y0 < y.count; y0 += rows)
            for (int group = 0; group < g.groups; group++)
              for (int c = 0; c < outputs; c += portion)
                blocks.push_back({&y, &x, image, group, y0, x0, std::min(rows, y.count - y0), columns, c,
                                  std::min(portion, outputs - c),
                                  weights + depth * ((size_t)group * round_up(outputs, kLanes) + c)});
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

/** Where the runs of the window begin. Taps that are neighbours in memory make one run. */
int find_runs(const Block& block, const Band& band, int channels, ptrdiff_t* offsets, int& length) {
  const auto& taps = block.x->taps;
  const bool joined = band.pixel == channels && block.x->is_joined();
  length = joined ? channels * (int)taps.size() : channels;
  int runs = 0;
  for (const Tap& ty : block.y->taps) {
    const ptrdiff_t row = (ty.offset - block.y->first()) * band.pitch;
    if (joined && !taps.empty())
      offsets[runs++] = row;
    else
      for (const Tap& tx : taps) offsets[runs++] = row + (tx.offset - block.x->first()) * band.pixel;
  }
  return runs;
}

/** Tiles of places next to each other, `count` of them in a row, and the rows of taps that meet the image there. */
struct Tiles {
  int row, column, size, count;
  int first_tap, end_tap;
};

/** A tile lies in one row of places, unless rows are short or leave a short rest; then it may wrap round. Where an image
 * of in_h rows is read in place, not to a row for which other taps meet it. */
std::vector<Tiles> tiles_of(const Block& block, int in_h, bool in_place, int most_rows) {
  const int tiles_a_row = ceil_div(block.columns, most_rows);
  const bool wrap = block.columns < tiles_a_row * (kMaxScattered * 3 / 4);
  const int size = block.columns / tiles_a_row, larger = block.columns % tiles_a_row;
  std::vector<Tiles> tiles;
  const auto taps_of = [&](int row, int end) {
    return taps_inside(*block.y, block.y0 + row, block.y0 + end, in_h);
  };
  for (int row = 0, end; row < block.rows; row = end) {
    const auto taps = taps_of(row, row + 1);
    for (end = row + 1; wrap && end < block.rows; end++)
      if (in_place && taps_of(end, end + 1) != taps) break;
    if (end == row + 1) {
      if (larger > 0) tiles.push_back({row, 0, size + 1, larger, taps.first, taps.second});
      if (larger < tiles_a_row)
        tiles.push_back({row, larger * (size + 1), size, tiles_a_row - larger, taps.first, taps.second});
      continue;
    }
    const int places = (end - row) * block.columns, count = ceil_div(places, kMaxScattered);
    for (int i = 0, at = 0; i < count; i++) {
      const int size = share(places, i, count), first = row + at / block.columns;
      const auto [first_tap, end_tap] = taps_of(first, row + (at + size - 1) / block.columns + 1);
      tiles.push_back({first, at % block.columns, size, 1, first_tap, end_tap});
      at += size;
    }
  }
  return tiles;
}

void run_block(const Gather& g, const Block& block, bool streams) {
  const AxisPhase &ay = *block.y, &ax = *block.x;
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups;
  const int band_rows = (block.rows - 1) * ay.in_step + ay.last() - ay.first() + 1;
  const int band_columns = (block.columns - 1) * ax.in_step + ax.last() - ax.first() + 1;
  const size_t max_runs = ay.taps.size() * ax.taps.size();
  const size_t runs_size = (max_runs + 7) / 8 * 8, steps_size = (max_runs * channels + 15) / 16 * 16;
  auto* const offsets =
      (ptrdiff_t*)thread_scratch(sizeof(ptrdiff_t) * runs_size + sizeof(int) * steps_size +
                                 sizeof(float) * band_size(band_rows, band_columns, channels));
  int* const steps = (int*)(offsets + runs_size);
  float* const room = (float*)(steps + steps_size);

  const Image image{g.in + (ptrdiff_t)block.image * g.in_h * g.in_w * g.in_c + block.group * channels, g.in_h,
                    g.in_w, g.in_c, channels};
  const int top = block.y0 * ay.in_step + ay.first(), left = block.x0 * ax.in_step + ax.first();
  const bool in_place = max_runs > 0 && left >= 0 && left + band_columns <= g.in_w;
  const Band band = max_runs == 0 ? Band{g.in, 0, 0}
                    : in_place    ? image.window(top, left)
                                  : take_band(image, top, left, band_rows, band_columns, room);
  TileProduct p{};
  const int runs = find_runs(block, band, channels, offsets, p.length);
  const int runs_a_tap = ay.taps.empty() ? 0 : runs / (int)ay.taps.size();
  const bool listed = runs > 1 && p.length <= kShortRun;
  for (int run = 0; run < runs && listed; run++)
    for (int i = 0; i < p.length; i++) steps[run * p.length + i] = (int)offsets[run] + i;
  p.a_step = 1;
  p.epilogue = g.epilogue;
  p.output = g.out;
  p.streams = streams;

  const ptrdiff_t out_row = (ptrdiff_t)ay.out_step * g.out_w * g.out_c,
                  out_column = (ptrdiff_t)ax.out_step * g.out_c;
  float* const out =
      g.out +
      (((ptrdiff_t)block.image * g.out_h + ay.out + (ptrdiff_t)block.y0 * ay.out_step) * g.out_w + ax.out +
       (ptrdiff_t)block.x0 * ax.out_step) *
          g.out_c +
      block.group * outputs;
  p.a_row = ax.in_step * band.pixel;
  p.c_row = out_column;
  // A store that runs over must end within the next row.
  const bool dense = outputs <= kPanel && outputs == out_column && 2 * outputs >= round_up(outputs, kLanes);
  const std::vector<Tiles> tiles =
      tiles_of(block, g.in_h, in_place, outputs <= kLanes ? kMaxOfOne : kMaxRows);
  for (int c = block.channel; c < block.channel + block.channels; c += kPanel) {
    p.columns = std::min(kPanel, outputs - c);
    p.channel = block.group * outputs + c;
    p.b_step = round_up(p.columns, kLanes);
    const float* const weights = block.weights + max_runs * channels * (c - block.channel);
    for (size_t i = 0; i < tiles.size(); i++) {
      const auto [row, column, size, count, first_tap, end_tap] = tiles[i];
      p.tiles = count;
      p.scattered = column + size * count > block.columns;
      p.dense = dense && (!p.scattered || block.columns * out_column == out_row);
      p.runs = (end_tap - first_tap) * runs_a_tap;
      p.run_offsets = offsets + first_tap * runs_a_tap;
      p.step_offsets = listed ? steps + first_tap * runs_a_tap * p.length : nullptr;
      p.b = weights + (ptrdiff_t)first_tap * ax.taps.size() * channels * p.b_step;
      p.a = band.data + row * ay.in_step * band.pitch + column * p.a_row;
      if (in_place && c == block.channel && i + 1 < tiles.size()) {
        // The next tile's lowest row, which nothing has read yet.
        p.next_offset = offsets[runs - runs_a_tap];
        p.next = band.data + tiles[i + 1].row * ay.in_step * band.pitch + tiles[i + 1].column * p.a_row +
                 p.next_offset;
        p.next_step = kLine;
      } else {
        p.next = nullptr;
      }
      p.c = out + row * out_row + column * out_column + c;
      for (int r = 0; r < size && p.scattered; r++) {
        const int down = row + (column + r) / block.columns, across = (column + r) % block.columns;
        p.a_rows[r] = band.data + down * ay.in_step * band.pitch + across * p.a_row;
        p.c_rows[r] = out + down * out_row + across * out_column + c;
      }
      run_tile(p, size);
    }
  }
}

}  // namespace

/** Products of a number of the output, on average. */
double Gather::products() const {
  const auto taps = [](const std::vector<AxisPhase>& axis, int size) {
    double sum = 0;
    for (const AxisPhase& phase : axis) sum += (double)phase.taps.size() * phase.count;
    return sum / size;
  };
  return taps(plan.y, out_h) * taps(plan.x, out_w) * in_c / groups;
}

bool Gather::streams(int together) const {
  constexpr double kFew = 32;
  const size_t read = sizeof(float) * n * in_h * in_w * in_c,
               written = sizeof(float) * n * out_h * out_w * out_c;
  const bool in_lines = together % kLanes == 0 && (uintptr_t)out % 64 == 0;
  if (!kCanStream || !in_lines || written < std::min(cpu().l3 * 3 / 8, (size_t)12 << 20)) return false;
  // Cores that share a cache share the way to memory too: with few products they would wait for it, while the cache is
  // wide enough.
  const bool held = read + written < cpu().l3 * 7 / 8;
  return !(held && products() <= kFew && cores_are_near());
}

void gather_conv(const Gather& g, const float* packed) {
  const std::vector<Block> blocks = blocks_of(g, packed);
  const bool streams = g.streams();
  parallel_for((int)blocks.size(), [&](int index, int) { run_block(g, blocks[index], streams); });
}

}  // namespace fovea::FOVEA_ISA
