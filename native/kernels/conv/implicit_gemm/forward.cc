#include "kernels/conv/implicit_gemm/forward.h"

#include <algorithm>
#include <cstdint>

#include "kernels/conv/implicit_gemm/blocks.h"
#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/simd/integers.h"
#include "runtime/core_distance.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

/** The size of part `index` of `parts` nearly equal parts of `whole`. */
int share(int whole, int index, int parts) {
  return (int)((int64_t)whole * (index + 1) / parts - (int64_t)whole * index / parts);
}

constexpr int kShortRun = kLine - 1;  // runs of up to so many steps have each of them listed
constexpr int kFewSteps = 32;         // of a tile, that last no longer than memory takes to answer

/** Where the runs of the window begin. Taps that are neighbours in memory make one run, unless they are wanted `apart`. */
int find_runs(const Block& block, const PaddedWindow& band, int channels, bool apart, ptrdiff_t* offsets,
              int& length) {
  const Range taps = block.across.taps;
  const bool joined = band.pixel == channels && block.x->is_joined() && !apart;
  length = joined ? channels * taps.size() : channels;
  int runs = 0;
  for (const Tap& ty : block.y->taps) {
    const ptrdiff_t row = (ty.offset - block.y->first()) * band.pitch;
    for (int t = taps.begin; t < (joined ? std::min(taps.begin + 1, taps.end) : taps.end); t++)
      offsets[runs++] = row + (block.x->taps[t].offset - block.x->taps[taps.begin].offset) * band.pixel;
  }
  return runs;
}

/** Tiles of places next to each other in each of some rows, which the same rows of taps meet: `larger` ones of one place
 * more than `size`, then the others. Or one of rows that wrap round. */
struct Tiles {
  int row, rows, column, size, larger, others;
  Range taps;

  int places() const { return size * (larger + others) + larger; }  // of a row
};

/** A tile lies in one row of places, unless it may wrap round, into the next image too. Where an image of in_h rows is read
 * in place, not to a row for which other taps meet it. Rows are counted on from image to image. */
std::vector<Tiles> tiles_of(const Block& block, int in_h, bool in_place, int most_rows) {
  const int columns = block.columns(), tiles_a_row = ceil_div(columns, most_rows);
  const bool wrap = wraps(columns, most_rows);
  const int size = columns / tiles_a_row, larger = columns % tiles_a_row, rows = block.images * block.rows;
  std::vector<Tiles> tiles;
  const auto taps_of = [&](int row, int end) {
    if (block.images > 1) row = 0, end = 1;
    return taps_inside(*block.y, block.y0 + row, block.y0 + end, in_h);
  };
  for (int row = 0, end; row < rows; row = end) {
    const Range taps = taps_of(row, row + 1);
    for (end = row + 1; end < rows; end++)
      if ((in_place || !wrap) && taps_of(end, end + 1) != taps) break;
    if (!wrap || end == row + 1) {
      tiles.push_back({row, end - row, 0, size, larger, tiles_a_row - larger, taps});
      continue;
    }
    const int places = (end - row) * columns, count = ceil_div(places, std::min(kMaxScattered, most_rows));
    for (int i = 0, at = 0; i < count; i++) {
      const int size = share(places, i, count), first = row + at / columns;
      tiles.push_back(
          {first, 1, at % columns, size, 0, 1, taps_of(first, row + (at + size - 1) / columns + 1)});
      at += size;
    }
  }
  return tiles;
}

/** From a place of a block to the next one of its row, to the one in its next row, and to the same of the next image. */
struct Steps {
  ptrdiff_t column, row, image;

  ptrdiff_t at(const Block& block, int row_of_all, int at_column) const {
    const int i = block.images > 1 ? row_of_all / block.rows : 0;  // a division takes as long as some steps
    return i * image + (row_of_all - i * block.rows) * row + at_column * column;
  }
};

/** Finds the rows of A and C of a tile that wraps round, of which `p` has the first. */
void scatter(const Block& block, const Tiles& tile, const Steps& in, const Steps& out, TileProduct& p) {
  const int columns = block.columns();
  const float* a = p.a;
  float* c = p.c;
  int column = tile.column, row = block.images > 1 ? tile.row % block.rows : tile.row;
  const auto go = [&](ptrdiff_t of_a, ptrdiff_t of_c) { a += of_a, c += of_c; };
  for (int r = 0; r < tile.size; r++) {
    p.a_rows[r] = a, p.c_rows[r] = c;
    go(in.column, out.column);
    if (++column < columns) continue;
    column = 0;
    go(in.row - columns * in.column, out.row - columns * out.column);
    if (++row < block.rows) continue;
    row = 0;
    go(in.image - block.rows * in.row, out.image - block.rows * out.row);
  }
}

/** To caches that hold the output, past them (Gather::stores_nontemporally()), or through them to memory (Gather::prefetches_output()). */
enum class Stores { to_caches, past_caches, to_memory };

void run_block(const Gather& g, const WeightPanels& panels, const float* all_weights, const Block& block,
               Stores stores) {
  const AxisPhase &ay = *block.y, &ax = *block.x;
  const Range taps = block.across.taps;
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups, columns = block.columns();
  const int most_rows = panels.most_rows();
  const int first_x = taps.size() ? ax.taps[taps.begin].offset : 0;
  const int last_x = taps.size() ? ax.taps[taps.end - 1].offset : 0;
  const int band_rows = (block.rows - 1) * ay.in_step + ay.last() - ay.first() + 1;
  const int band_columns = (columns - 1) * ax.in_step + last_x - first_x + 1;
  const size_t max_runs = ay.taps.size() * taps.size();
  const size_t runs_size = (max_runs + 7) / 8 * 8, steps_size = (max_runs * channels + 15) / 16 * 16;
  auto* const offsets =
      (ptrdiff_t*)thread_scratch(sizeof(ptrdiff_t) * runs_size + sizeof(int) * steps_size +
                                 sizeof(float) * window_size(band_rows, band_columns, channels));
  int* const steps = (int*)(offsets + runs_size);
  float* const room = (float*)(steps + steps_size);

  const Image image{g.in + (ptrdiff_t)block.image * g.in_h * g.in_w * g.in_c + block.group * channels, g.in_h,
                    g.in_w, g.in_c, channels};
  const int top = block.y0 * ay.in_step + ay.first(), left = block.across.begin * ax.in_step + first_x;
  // Rows beyond the image are no taps of tiles in one row, or in rows which the same taps meet; where other tiles wrap
  // round, a copy has zeros there.
  const int last_y = block.y0 + block.rows - 1;
  const bool rows_alike =
      taps_inside(ay, block.y0, block.y0 + 1, g.in_h) == taps_inside(ay, last_y, last_y + 1, g.in_h);
  const bool in_place = max_runs > 0 && left >= 0 && left + band_columns <= g.in_w &&
                        (rows_alike || !wraps(columns, most_rows));
  const PaddedWindow band = max_runs == 0 ? PaddedWindow{g.in, 0, 0}
                            : in_place    ? image.window(top, left)
                                          : padded_window(image, top, left, band_rows, band_columns, room);
  TileProduct p{};
  const bool in_pairs = panels.width(outputs) < kLanes;
  const int runs =
      find_runs(block, band, channels, panels.ends_with_half() && channels % 2, offsets, p.length);
  const int runs_a_tap = ay.taps.empty() ? 0 : runs / (int)ay.taps.size();
  const bool all_taps = taps.size() == (int)ax.taps.size();
  const bool listed = all_taps && runs > 0 && p.length <= kShortRun && !in_pairs;
  for (int run = 0; run < runs && listed; run++)
    for (int i = 0; i < p.length; i++) steps[run * p.length + i] = (int)offsets[run] + i;
  p.b_runs = std::max(runs_a_tap, 1);
  p.a_step = 1;
  p.epilogue = g.epilogue;
  p.output = g.out;
  p.nontemporal = stores == Stores::past_caches;

  const ptrdiff_t out_row = (ptrdiff_t)ay.out_step * g.out_w * g.out_c,
                  out_column = (ptrdiff_t)ax.out_step * g.out_c;
  float* const out =
      g.out +
      (((ptrdiff_t)block.image * g.out_h + ay.out + (ptrdiff_t)block.y0 * ay.out_step) * g.out_w + ax.out +
       (ptrdiff_t)block.across.begin * ax.out_step) *
          g.out_c +
      block.group * outputs;
  const Steps in{ax.in_step * band.pixel, ay.in_step * band.pitch, (ptrdiff_t)g.in_h * g.in_w * g.in_c};
  const Steps to{out_column, out_row, (ptrdiff_t)g.out_h * g.out_w * g.out_c};
  p.a_row = in.column;
  p.c_row = to.column;
  const bool dense =
      panels.outputs(0) == out_column && (in_pairs || 2 * outputs >= round_up(outputs, kLanes));
  // From memory tiles with few steps do not ask for as much as they read.
  const ptrdiff_t read = most_rows * in.column * ay.in_step / kLine;
  const int asked = runs * p.length / (panels.outputs(0) > kLanes ? 1 : in_pairs ? 4 : 2);
  const bool asks_for_rows =
      g.read_bytes() > cpu().l3 / 4 * 3 && (ay.taps.size() > 1 || g.plan.y.size() > 1) && asked < read;
  // Nor, of a 1x1 convolution with few outputs, for all of a pixel longer than a line. (Were the image in the caches, to ask
  // for it would take a tenth of the time.)
  const bool asks_for_pixels = g.read_bytes() >= cpu().l3 / 2 && max_runs == 1 && in.column == channels &&
                               channels > kLine && panels.outputs(0) <= kLanes;
  const bool goes_on = ay.count == 1 && block.across.end < ax.count;
  const std::vector<Tiles> tiles = tiles_of(block, g.in_h, in_place, most_rows);
  const size_t all = ay.taps.size() * ax.taps.size(), before = panels.size(block.channel);
  for (int c = block.channel; c < block.channel + block.channels; c += p.columns) {
    p.columns = panels.outputs(c);
    p.channel = block.group * outputs + c;
    p.b_step = panels.width(p.columns);
    p.in_pairs = p.b_step < kLanes;
    const size_t tap = panels.size(c + p.columns) - panels.size(c);
    const float* const weights = all_weights + block.weights + all * (panels.size(c) - before);
    p.b_jump = (ax.taps.size() - taps.size()) * tap;
    const bool asks = in_place && c == block.channel;
    p.asks_for_pixels = asks && asks_for_pixels;
    for (size_t i = 0; i < tiles.size(); i++) {
      const Tiles& t = tiles[i];
      const Range down = t.taps;
      p.scattered = t.column + t.places() > columns;
      p.dense = dense && (!p.scattered || (columns * out_column == out_row && block.images == 1));
      p.runs = down.size() * runs_a_tap;
      if (stores == Stores::to_memory) p.asks_ahead = p.runs * p.length <= kFewSteps ? 3 : 1;
      p.run_offsets = offsets + down.begin * runs_a_tap;
      p.step_offsets = listed && !p.in_pairs ? steps + down.begin * runs_a_tap * p.length : nullptr;
      p.b = weights + (down.begin * ax.taps.size() + taps.begin) * tap;
      p.a = band.data + in.at(block, t.row, t.column);
      p.c = out + to.at(block, t.row, t.column) + c;
      p.next_step = kLine;
      p.next_offset = in_place ? offsets[runs - runs_a_tap] : 0;
      if (p.scattered) scatter(block, t, in, to, p);
      const auto run = [&](int size, int count, const float* after) {
        // The next tile's lowest row of pixels, which nothing has read yet.
        p.next = asks && after ? after + p.next_offset : nullptr;
        p.tiles = count;
        run_tile(p, size);
        p.a += size * count * in.column, p.c += size * count * to.column;
      };
      for (int row = 0; row < t.rows; row++) {
        const float *const a = p.a, *const after_row = a + in.row, *after = after_row;
        float* const below = p.c + to.row;
        if (row + 1 == t.rows) {
          // Beyond a single row's block it goes on.
          const bool is_last = i + 1 == tiles.size();
          after = !is_last  ? band.data + in.at(block, tiles[i + 1].row, tiles[i + 1].column)
                  : goes_on ? a + t.places() * in.column
                            : nullptr;
        }
        if (asks && asks_for_rows)
          RowsAhead{after_row + p.next_offset, ay.in_step, -band.pitch}.ask(0, columns * in.column);
        if (t.larger > 0)
          run(t.size + 1, t.larger, t.others > 0 ? a + (t.size + 1) * t.larger * in.column : after);
        if (t.others > 0) run(t.size, t.others, after);
        p.a = a + in.row, p.c = below;
      }
    }
  }
}

}  // namespace

void forward(const Gather& g, const std::function<const float*(int thread)>& weights) {
  const WeightPanels panels(g);
  const std::vector<Block> blocks = blocks_of(g, panels);
  const Stores stores = g.stores_nontemporally() ? Stores::past_caches
                        : g.prefetches_output()  ? Stores::to_memory
                                                 : Stores::to_caches;
  parallel_for((int)blocks.size(),
               [&](int index, int thread) { run_block(g, panels, weights(thread), blocks[index], stores); });
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
