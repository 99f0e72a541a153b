// One task makes one block (blocks.h): the window of the image that it reads, padded with zeros if it must be, then panel by
// panel of the outputs all tiles (tiles.h), each by the microkernel.
#include "kernels/conv/implicit_gemm/forward.h"

#include <algorithm>

#include "kernels/conv/implicit_gemm/blocks.h"
#include "kernels/conv/implicit_gemm/tiles.h"
#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

/** How the output is stored: into caches that hold it, by non-temporal stores, or into lines that are prefetched from memory. */
enum class Stores { to_caches, nontemporal, to_prefetched };

/** What a block reads: its window, and where the k-runs and, if they are short, the k-steps are in it. */
struct Input {
  PaddedWindow window;
  bool in_place;  // not copied
  int runs = 0, length = 0;
  int runs_a_row = 0;  // of taps
  ptrdiff_t* offsets;  // of k-runs
  int* step_offsets;   // null: not listed
  Strides strides;     // from output pixel to output pixel
};

/** Where the k-runs of the window begin. Taps that are neighbours in memory make one k-run, unless `split`. */
void find_runs(const Block& block, int channels, bool split, Input& in) {
  const Range taps = block.across.taps;
  const bool joined = in.window.pixel == channels && block.x->is_joined() && !split;
  in.length = joined ? channels * taps.size() : channels;
  for (const Tap& ty : block.y->taps) {
    const ptrdiff_t row = (ty.offset - block.y->first()) * in.window.pitch;
    for (int t = taps.begin; t < (joined ? std::min(taps.begin + 1, taps.end) : taps.end); t++)
      in.offsets[in.runs++] =
          row + (block.x->taps[t].offset - block.x->taps[taps.begin].offset) * in.window.pixel;
  }
  if (!block.y->taps.empty()) in.runs_a_row = in.runs / (int)block.y->taps.size();
}

/** Finds, or copies with zeros round it, the window of a block, in this thread's scratch memory. */
Input input_of(const Gather& g, const WeightPanels& panels, const Block& block) {
  constexpr int kShortRun = kLine - 1;  // k-steps; of shorter k-runs each is listed
  const AxisPhase &ay = *block.y, &ax = *block.x;
  const Range taps = block.across.taps;
  const int channels = g.in_c / g.groups, columns = block.columns();
  const int first_x = taps.size() ? ax.taps[taps.begin].offset : 0;
  const int last_x = taps.size() ? ax.taps[taps.end - 1].offset : 0;
  const int window_rows = (block.rows - 1) * ay.in_step + ay.last() - ay.first() + 1;
  const int window_columns = (columns - 1) * ax.in_step + last_x - first_x + 1;
  const size_t max_runs = ay.taps.size() * taps.size();
  const size_t runs_size = (max_runs + 7) / 8 * 8, steps_size = (max_runs * channels + 15) / 16 * 16;
  Input in;
  in.offsets = (ptrdiff_t*)thread_scratch(sizeof(ptrdiff_t) * runs_size + sizeof(int) * steps_size +
                                          sizeof(float) * window_size(window_rows, window_columns, channels));
  int* const steps = (int*)(in.offsets + runs_size);
  float* const room = (float*)(steps + steps_size);

  const Image image{g.in + (ptrdiff_t)block.image * g.in_h * g.in_w * g.in_c + block.group * channels, g.in_h,
                    g.in_w, g.in_c, channels};
  const int top = block.y0 * ay.in_step + ay.first(), left = block.across.begin * ax.in_step + first_x;
  // Rows beyond the image are no taps of tiles in one row, or in rows with the same taps in bounds. Where other tiles wrap round,
  // a copy has zeros there.
  const int last_y = block.y0 + block.rows - 1;
  const bool rows_alike = taps_in_bounds_of(ay, block.y0, block.y0 + 1, g.in_h) ==
                          taps_in_bounds_of(ay, last_y, last_y + 1, g.in_h);
  in.in_place = max_runs > 0 && left >= 0 && left + window_columns <= g.in_w &&
                (rows_alike || !wraps(columns, panels.max_rows()));
  in.window = max_runs == 0 ? PaddedWindow{g.in, 0, 0}
              : in.in_place ? image.window(top, left)
                            : padded_window(image, top, left, window_rows, window_columns, room);
  find_runs(block, channels, panels.ends_with_half() && channels % 2, in);
  const bool all_taps = taps.size() == (int)ax.taps.size();
  const bool listed = all_taps && in.runs > 0 && in.length <= kShortRun;
  in.step_offsets = listed ? steps : nullptr;
  for (int run = 0; run < in.runs && listed; run++)
    for (int i = 0; i < in.length; i++) steps[run * in.length + i] = (int)in.offsets[run] + i;
  in.strides = {ax.in_step * in.window.pixel, ay.in_step * in.window.pitch,
                (ptrdiff_t)g.in_h * g.in_w * g.in_c};
  return in;
}

/** Which prefetches a block needs beside those of its tiles' k-steps. */
struct Prefetches {
  bool rows;    // of the window below each row of output pixels
  bool pixels;  // see TilePrefetch
};

Prefetches prefetches_of(const Gather& g, const WeightPanels& panels, const Block& block, const Input& in,
                         bool interleaved) {
  const int channels = g.in_c / g.groups;
  const size_t rows_of_taps = block.y->taps.size();
  // A tile prefetches a line a k-step. With few k-steps that covers less than it reads.
  const ptrdiff_t read = panels.max_rows() * in.strides.column * block.y->in_step / kLine;
  const int prefetched = in.runs * in.length / (panels.outputs(0) > kLanes ? 1 : interleaved ? 4 : 2);
  const bool rows =
      g.read_bytes() > cpu().l3 / 4 * 3 && (rows_of_taps > 1 || g.plan.y.size() > 1) && prefetched < read;
  // A 1x1 convolution with few outputs does not prefetch all of a pixel longer than a line. (Only of images in memory: were they
  // in the caches, it would take 10 % of the time.)
  const bool pixels = g.read_bytes() >= cpu().l3 / 2 && rows_of_taps * block.across.taps.size() == 1 &&
                      in.strides.column == channels && channels > kLine && panels.outputs(0) <= kLanes;
  return {rows, pixels};
}

/** A block in the making. */
class BlockProduct {
 public:
  BlockProduct(const Gather& g, const WeightPanels& panels, const float* weights, const Block& block,
               Stores stores)
      : g_(g),
        panels_(panels),
        block_(block),
        weights_(weights + block.weights),
        stores_(stores),
        in_(input_of(g, panels, block)) {
    const AxisPhase &ay = *block.y, &ax = *block.x;
    const int outputs = g.out_c / g.groups;
    out_ = g.out +
           (((ptrdiff_t)block.image * g.out_h + ay.out + (ptrdiff_t)block.y0 * ay.out_step) * g.out_w +
            ax.out + (ptrdiff_t)block.across.begin * ax.out_step) *
               g.out_c +
           block.group * outputs;
    to_ = {(ptrdiff_t)ax.out_step * g.out_c, (ptrdiff_t)ay.out_step * g.out_w * g.out_c,
           (ptrdiff_t)g.out_h * g.out_w * g.out_c};
    const bool interleaved = panels.width(outputs) < kLanes;
    prefetches_ = prefetches_of(g, panels, block, in_, interleaved);
    dense_ = panels.outputs(0) == to_.column && (interleaved || 2 * outputs >= round_up(outputs, kLanes));
    tiles_ = tiles_of(block, g.in_h, in_.in_place, panels.max_rows());

    p_.a.length = in_.length;
    p_.a.step = 1;
    p_.a.row = in_.strides.column;
    p_.b.runs = std::max(in_.runs_a_row, 1);
    p_.c.row = to_.column;
    p_.c.epilogue = g.epilogue;
    p_.c.tensor = g.out;
    p_.c.nontemporal = stores == Stores::nontemporal;
    p_.prefetch.l1.step = kLine;
    // The next tile's lowest row of pixels, which nothing has read yet.
    p_.prefetch.next_tile = in_.in_place ? in_.offsets[in_.runs - in_.runs_a_row] : 0;
  }

  void run() {
    const size_t all = block_.y->taps.size() * block_.x->taps.size(), before = panels_.size(block_.channel);
    for (int c = block_.channel; c < block_.channel + block_.channels; c += p_.columns) {
      p_.columns = panels_.outputs(c);
      p_.c.channel = block_.group * (g_.out_c / g_.groups) + c;
      p_.b.step = panels_.width(p_.columns);
      p_.b.interleaved = p_.b.step < kLanes;
      const size_t tap = panels_.size(c + p_.columns) - panels_.size(c);
      p_.b.jump = (block_.x->taps.size() - block_.across.taps.size()) * tap;
      // The first panel brings the window into the caches.
      const bool prefetches = in_.in_place && c == block_.channel;
      p_.prefetch.pixels = prefetches && prefetches_.pixels;
      for (size_t i = 0; i < tiles_.size(); i++)
        run_tiles(i, c, weights_ + all * (panels_.size(c) - before), tap, prefetches);
    }
  }

 private:
  /** tiles_[i], for the panel that begins with output `c`, whose weights have `tap` floats for each tap. */
  void run_tiles(size_t i, int c, const float* weights, size_t tap, bool prefetches) {
    constexpr int kFewSteps = 32;  // of a tile, which take no longer than memory takes to answer
    const Tiles& t = tiles_[i];
    const Range taps = t.taps;
    const int columns = block_.columns();
    const bool wraps_round = t.column + t.positions() > columns;
    p_.a.rows = wraps_round ? Rows::gathered : Rows::strided;
    p_.c.dense = dense_ && (!wraps_round || (columns * to_.column == to_.row && block_.images == 1));
    p_.a.runs = taps.size() * in_.runs_a_row;
    if (stores_ == Stores::to_prefetched)
      p_.prefetch.output_tiles = p_.a.runs * p_.a.length <= kFewSteps ? 3 : 1;
    p_.a.run_offsets = in_.offsets + taps.begin * in_.runs_a_row;
    p_.a.step_offsets = in_.step_offsets && !p_.b.interleaved
                            ? in_.step_offsets + taps.begin * in_.runs_a_row * p_.a.length
                            : nullptr;
    p_.b.first = weights + (taps.begin * block_.x->taps.size() + block_.across.taps.begin) * tap;
    p_.a.first = in_.window.data + in_.strides.at(block_, t.row, t.column);
    p_.c.first = out_ + to_.at(block_, t.row, t.column) + c;
    if (wraps_round) gather_rows(block_, t, in_.strides, to_, p_);
    for (int row = 0; row < t.rows; row++) {
      const float *const a = p_.a.first, *const row_below = a + in_.strides.row;
      float* const below = p_.c.first + to_.row;
      const float* const after = row + 1 < t.rows ? row_below : after_tiles(i, a);
      if (prefetches && prefetches_.rows)
        PrefetchRegion{row_below + p_.prefetch.next_tile, block_.y->in_step, -in_.window.pitch}.prefetch(
            0, columns * in_.strides.column);
      if (t.larger > 0)
        run_row(t.size + 1, t.larger,
                !prefetches    ? nullptr
                : t.others > 0 ? a + (t.size + 1) * t.larger * in_.strides.column
                               : after);
      if (t.others > 0) run_row(t.size, t.others, prefetches ? after : nullptr);
      p_.a.first = row_below, p_.c.first = below;
    }
  }

  /** What is read after the last row of tiles_[i], which begins at `a`: the next tiles', or, of a block of a single row, the next
   * block's; null where nothing follows in memory. */
  const float* after_tiles(size_t i, const float* a) const {
    if (i + 1 < tiles_.size())
      return in_.window.data + in_.strides.at(block_, tiles_[i + 1].row, tiles_[i + 1].column);
    const bool goes_on = block_.y->count == 1 && block_.across.end < block_.x->count;
    return goes_on ? a + tiles_[i].positions() * in_.strides.column : nullptr;
  }

  /** `count` tiles of a row, `size` output pixels each; prefetches `after`, unless null. */
  void run_row(int size, int count, const float* after) {
    p_.prefetch.l1.at = after ? after + p_.prefetch.next_tile : nullptr;
    p_.tiles = count;
    run_tile(p_, size);
    p_.a.first += size * count * in_.strides.column, p_.c.first += size * count * to_.column;
  }

  const Gather& g_;
  const WeightPanels& panels_;
  const Block& block_;
  const float* const weights_;
  const Stores stores_;
  const Input in_;
  float* out_;
  Strides to_;
  Prefetches prefetches_;
  bool dense_;
  std::vector<Tiles> tiles_;
  TileProduct p_{};
};

}  // namespace

void forward(const Gather& g, const std::function<const float*(int thread)>& weights) {
  const WeightPanels panels(g);
  const std::vector<Block> blocks = blocks_of(g, panels);
  const Stores stores = g.stores_nontemporally() ? Stores::nontemporal
                        : g.prefetches_output()  ? Stores::to_prefetched
                                                 : Stores::to_caches;
  parallel_for((int)blocks.size(), [&](int index, int thread) {
    BlockProduct(g, panels, weights(thread), blocks[index], stores).run();
  });
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
