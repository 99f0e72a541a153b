#include "kernels/conv/implicit_gemm/weight_grad.h"

#include <algorithm>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/conv/shared/partial_sums.h"
#include "kernels/conv/shared/prefetch.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

struct Phase {
  const AxisPhase *y, *x;
  int rows, columns;  // of a band, in output places
  int down, across;   // bands in an image
  ptrdiff_t partial;  // where its taps begin in a set of partial sums
};

struct Problem {
  const ConvShape& s;
  const float *x, *dy;
  Partials partials;
  std::vector<Phase> phases;
  int chunks = 1;  // of a phase's rows
  bool turned = false;
};

/** The numbers of x that a row of the window has together. */
int together(const AxisPhase& x, int ci) { return x.is_joined() ? ci * (int)x.taps.size() : ci; }

Problem prepare(const ConvShape& s, const Plan& plan, const float* x, const float* dy) {
  Problem p{s, x, dy, Partials(s, plan), {}};
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  int bands = 1 << 30, window = 1;
  for (const PhaseSums& sums : p.partials.phases) {
    const AxisPhase &ay = *sums.y, &ax = *sums.x;
    const size_t place_bytes = sizeof(float) * ((size_t)ci * ay.in_step * ax.in_step + co);
    const int most = (int)std::clamp<size_t>((96 << 10) / place_bytes, 48, 512);
    Phase phase{&ay, &ax, 1, ax.count, 1, 1, sums.offset};
    const int down = std::max(ay.count, 1), across = std::max(ax.count, 1);
    phase.across = ceil_div(across, most);
    phase.columns = ceil_div(across, phase.across);
    phase.rows = std::clamp(most / phase.columns, 1, down);
    phase.down = ceil_div(down, phase.rows);
    phase.rows = ceil_div(down, phase.down);
    if (ay.count == 0 || ax.count == 0) phase.down = 0;  // a phase without places
    p.phases.push_back(phase);
    if (phase.down) bands = std::min(bands, s.n * phase.down * phase.across);
    window = std::max(window, (int)(ay.taps.size() * ax.taps.size()) * ci);
  }
  p.partials.split(bands);
  p.turned = swaps_roles(s);
  if (p.turned) return p;
  const int others = p.partials.splits * s.groups * (int)p.phases.size();
  p.chunks = std::clamp(ceil_div(kEnoughTasks, others), 1, ceil_div(window, 4 * kMaxRows));
  return p;
}

/** One band's places: where x's window and dy's values are, and how to step through them. */
struct Operands {
  int row;  // of the phase's places, the first
  PaddedWindow x;
  const float* dy;
  ptrdiff_t dy_step, dy_row;
  Span x_ahead, dy_ahead;  // what the next band reads, where it reads it
};

/** Numbers of dy, which comes from far, that are asked for before they are used. */
constexpr ptrdiff_t kAhead = 1024;

/** Tiles of rows that pay for padding dy's channels to whole vectors, which then lie in as few lines as they can. */
constexpr int kTilesForPadding = 3;

/** dy's places of a band with their channels padded to whole vectors, so that loading a vector never leaves
 * the tensor. */
const float* pad_channels(const float* dy, ptrdiff_t step, ptrdiff_t row, int rows, int columns, int co,
                          float* to) {
  const int width = round_up(co, kLanes);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < columns; j++, to += width)
      for_lanes(co, [&](int64_t c, auto lanes) {
        const float* const from = dy + i * row + j * step + c;
        __builtin_prefetch(from + kAhead);
        store(to + c, lanes.get(from));
      });
  return to - (ptrdiff_t)rows * columns * width;
}

/** Adds one band's products to rows [begin, end) of the phase's window, for one group. */
void add_band(const Problem& p, const Phase& phase, const Operands& o, int rows, int columns, int group,
              int begin, int end, ptrdiff_t* offsets, bool add, float* partial) {
  const ConvShape& s = p.s;
  const AxisPhase &ay = *phase.y, &ax = *phase.x;
  const int ci = s.ci / s.groups, co = s.co / s.groups;
  const int taps_x = (int)ax.taps.size();
  TileProduct m{};
  m.length = columns;
  for (int i = 0; i < rows; i++) offsets[i] = i * ay.in_step * o.x.pitch;
  m.a_step = ax.in_step * o.x.pixel;
  m.b_step = o.dy_step;
  m.b_jump = o.dy_row - columns * o.dy_step;
  m.add = add;
  // Tiles of rows that are neighbours in memory are cheaper: tiles end where neighbours do, unless those are
  // too few.
  const bool joined = o.x.pixel == ci && ax.is_joined();
  const int neighbours = joined ? ci * taps_x : ci;
  m.scattered = neighbours < kMaxScattered / 2 && neighbours < end - begin;
  m.a_row = 1;
  m.c_row = s.co;
  const auto row_of_window = [&](int at) {
    const int tap = at / ci;
    const int dy = ay.taps[tap / taps_x].offset - ay.first(), dx = ax.taps[tap % taps_x].offset - ax.first();
    return o.x.data + dy * o.x.pitch + dx * o.x.pixel + at % ci;
  };
  const int most_rows = m.scattered ? kMaxScattered : kMaxRows;
  const int length = m.scattered ? end - begin : std::min(neighbours, end - begin);
  const int high = ceil_div(length, most_rows);
  AskAhead ahead(m, o.x_ahead, o.dy_ahead, rows * columns,
                 high * ceil_div(end - begin, length) * ceil_div(co, kPanel), length / high);
  for (int c = 0; c < co; c += m.columns) {
    m.columns = std::min(co - c, kPanel);
    for (int at = begin; at < end;) {
      const int stop = m.scattered ? end : std::min(end, (at / neighbours + 1) * neighbours);
      const int size = ceil_div(stop - at, ceil_div(stop - at, most_rows));
      m.a = row_of_window(at);
      m.c = partial + (ptrdiff_t)at * s.co + group * co + c;
      for (int r = 0; r < size && m.scattered; r++) {
        m.a_rows[r] = row_of_window(at + r);
        m.c_rows[r] = m.c + r * m.c_row;
      }
      // Rows in which all taps of the tile lie above or below the image add nothing.
      const Tap &highest = ay.taps[at / ci / taps_x], &lowest = ay.taps[(at + size - 1) / ci / taps_x];
      int first = 0, last = rows;
      while (first < last && (o.row + first) * ay.in_step + lowest.offset < 0) first++;
      while (first < last && (o.row + last - 1) * ay.in_step + highest.offset >= s.h) last--;
      m.runs = last - first;
      m.run_offsets = offsets + first;
      m.b = o.dy + first * o.dy_row + c;
      run_tile(m, size);
      ahead.go_on();
      at += size;
    }
  }
}

/** Adds one band's products to sums[tap y][output channel][tap x][input channel]. */
void add_turned_band(const Problem& p, const Phase& phase, const Operands& o, int rows, int columns,
                     ptrdiff_t* offsets, bool add, float* sums) {
  const AxisPhase &ay = *phase.y, &ax = *phase.x;
  const int ci = p.s.ci, co = p.s.co, run = together(ax, ci);
  TileProduct m{};
  m.runs = rows;
  m.length = columns;
  for (int i = 0; i < rows; i++) offsets[i] = i * o.dy_row;
  m.run_offsets = offsets;
  m.a_step = o.dy_step;
  m.a_row = 1;
  m.b_step = ax.in_step * o.x.pixel;
  m.b_jump = ay.in_step * o.x.pitch - columns * m.b_step;
  m.add = add;
  m.c_row = (ptrdiff_t)ax.taps.size() * ci;
  const int high = ceil_div(co, kMaxRows), runs = (int)(ay.taps.size() * (m.c_row / run));
  AskAhead ahead(m, o.x_ahead, o.dy_ahead, rows * columns, high * runs * ceil_div(run, kPanel), co / high);
  for (const Tap& ty : ay.taps) {
    for (int at = 0; at < m.c_row; at += run) {
      const float* const window = o.x.data + (ty.offset - ay.first()) * o.x.pitch +
                                  (ax.taps[at / ci].offset - ax.first()) * o.x.pixel;
      for (int c = 0; c < run; c += m.columns) {
        m.columns = std::min(run - c, kPanel);
        m.b = window + c;
        for (int first = 0, size; first < co; first += size) {
          size = ceil_div(co - first, ceil_div(co - first, kMaxRows));
          m.a = o.dy + first;
          m.c = sums + first * m.c_row + at + c;
          run_tile(m, size);
          ahead.go_on();
        }
      }
    }
    sums += co * m.c_row;
  }
}

/** The sums of a turned product, as [tap][input channel][output channel]. */
void turn_back(const Phase& phase, int ci, int co, const float* sums, float* to) {
  const int numbers = (int)phase.x->taps.size() * ci;
  for (size_t tap = 0; tap < phase.y->taps.size(); tap++, sums += (ptrdiff_t)co * numbers)
    for (int i = 0; i < numbers; i++)
      for (int o = 0; o < co; o++) *to++ = sums[(ptrdiff_t)o * numbers + i];
}

/** Sums the bands of one split into its partial sum. */
void run_task(const Problem& p, const Phase& phase, int group, int split, int chunk, float* partial) {
  const ConvShape& s = p.s;
  const AxisPhase &ay = *phase.y, &ax = *phase.x;
  const int ci = s.ci / s.groups, co = s.co / s.groups, co_padded = round_up(co, kLanes);
  const int window = (int)(ay.taps.size() * ax.taps.size()) * ci;
  const int begin = (int)((int64_t)window * chunk / p.chunks),
            end = (int)((int64_t)window * (chunk + 1) / p.chunks);
  if (begin == end) return;
  const int span_y = (phase.rows - 1) * ay.in_step + ay.last() - ay.first() + 1;
  const int span_x = (phase.columns - 1) * ax.in_step + ax.last() - ax.first() + 1;
  const size_t x_size = (window_size(span_y, span_x, ci) + 15) / 16 * 16;
  const bool pad = co != co_padded && !p.turned;
  const size_t dy_size = pad ? (size_t)phase.rows * phase.columns * co_padded : 0;
  const size_t sums_size = p.turned ? ((size_t)window * co + 15) / 16 * 16 : 0;
  float* const sums = (float*)thread_scratch(sizeof(float) * (sums_size + x_size + kPanel + dy_size) +
                                             sizeof(ptrdiff_t) * phase.rows);
  float *const room = sums + sums_size, *const dy_room = room + x_size + kPanel;
  auto* const offsets = (ptrdiff_t*)(dy_room + dy_size);

  const float* const x_end = p.x + (ptrdiff_t)s.n * s.h * s.w * s.ci;
  const float* const dy_end = p.dy + (ptrdiff_t)s.n * s.oh * s.ow * s.co;
  const int bands = s.n * phase.down * phase.across;
  const int first = (int)((int64_t)bands * split / p.partials.splits),
            last = (int)((int64_t)bands * (split + 1) / p.partials.splits);
  for (int row = begin; row < end && first == last; row++)  // no places: an empty sum
    std::memset(partial + phase.partial + (ptrdiff_t)row * s.co + group * co, 0, sizeof(float) * co);
  for (int index = first; index < last; index++) {
    const int image = index / (phase.down * phase.across), within = index % (phase.down * phase.across);
    const int y0 = within / phase.across * phase.rows, x0 = within % phase.across * phase.columns;
    const int rows = std::min(phase.rows, ay.count - y0), columns = std::min(phase.columns, ax.count - x0);
    const Image in{p.x + (ptrdiff_t)image * s.h * s.w * s.ci + group * ci, s.h, s.w, s.ci, ci};
    Operands o{};
    o.row = y0;
    const int top = y0 * ay.in_step + ay.first(), left = x0 * ax.in_step + ax.first();
    const int down = (rows - 1) * ay.in_step + ay.last() - ay.first() + 1;
    const int across = (columns - 1) * ax.in_step + ax.last() - ax.first() + 1;
    const bool may_end_beyond = p.turned && in.data + ((ptrdiff_t)(top + down) * s.w) * s.ci + kPanel > x_end;
    o.x = padded_window(in, top, left, down, across, room, may_end_beyond);
    o.dy_step = (ptrdiff_t)ax.out_step * s.co;
    o.dy_row = (ptrdiff_t)ay.out_step * s.ow * s.co;
    o.dy = p.dy +
           (((ptrdiff_t)image * s.oh + ay.out + y0 * ay.out_step) * s.ow + ax.out + x0 * ax.out_step) * s.co +
           group * co;
    // The next band follows this one in memory, as bands are whole rows or of one row each.
    const bool goes_on = index + 1 < last && s.groups == 1 && (phase.across == 1 || phase.rows == 1);
    if (goes_on && o.x.data != room) {
      const ptrdiff_t row = (ptrdiff_t)s.w * s.ci, pixels = (ptrdiff_t)columns * ax.in_step * s.ci;
      o.x_ahead = phase.across == 1
                      ? Span{in.data + (top + down) * row, rows * ay.in_step * row}
                      : Span{in.data + (top + down - 1) * row + (ptrdiff_t)(left + across) * s.ci, pixels};
    }
    if (goes_on && ay.out_step == 1)
      o.dy_ahead = {o.dy + (rows - 1) * o.dy_row + columns * o.dy_step, rows * columns * o.dy_step};
    if (p.turned) {
      add_turned_band(p, phase, o, rows, columns, offsets, index > first, sums);
      continue;
    }
    const float* const read_end = o.dy + (rows - 1) * o.dy_row + (columns - 1) * o.dy_step + co_padded;
    if (pad && (end - begin > kTilesForPadding * kMaxRows || read_end > dy_end)) {
      o.dy = pad_channels(o.dy, o.dy_step, o.dy_row, rows, columns, co, dy_room);
      o.dy_ahead = {};  // which this asks for itself
      o.dy_step = co_padded;
      o.dy_row = (ptrdiff_t)columns * co_padded;
    }
    add_band(p, phase, o, rows, columns, group, begin, end, offsets, index > first, partial + phase.partial);
  }
  if (p.turned && first < last) turn_back(phase, ci, co, sums, partial + phase.partial);
}

}  // namespace

bool swaps_roles(const ConvShape& s) {
  if (s.groups > 1 || s.co < 2) return false;
  const auto full = [](int numbers) { return (double)numbers / round_up(numbers, kLanes); };
  return full(s.co) < (s.co < kLanes ? 1 : 0.7) * full(s.dilation_x == 1 && s.up == 1 ? s.kw * s.ci : s.ci);
}

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Plan plan = plan_forward(s);
  const Problem p = prepare(s, plan, x, dy);
  float* const sets = room_for(p.partials, dw);
  const int phases = (int)p.phases.size(), per_split = phases * s.groups * p.chunks;
  parallel_for(p.partials.splits * per_split, [&](int index, int) {
    const int split = index / per_split, chunk = index % p.chunks, rest = index % per_split / p.chunks;
    run_task(p, p.phases[rest / s.groups], rest % s.groups, split, chunk, sets + split * p.partials.size);
  });
  add_up(p.partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
