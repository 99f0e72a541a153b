// Packs convolution weights for forward.cc. For each phase (y outer, x inner), group and panel of
// columns: [tap y][tap x][channel][columns of the panel], columns beyond the last being 0. A panel is kPanel
// wide, the last one whole vectors (panel_of() in tile.h). Where two channels share a vector: [tap y][tap x]
// [channel / 2][columns][channel % 2], a last odd channel with a 0.
#include "kernels/conv/implicit_gemm/pack.h"

#include <algorithm>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/layout/transpose.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

struct Piece {
  const Tap *ty, *tx;
  int group, column, columns, width;
  float* to;
};

/** to[...] = v, or with `add` the sum of both. */
inline void put(float* to, vf v, bool add) { store(to, add ? load(to) + v : v); }

/** a[0], b[0], a[1], b[1], ... */
template <int... kLane>
vf interleaved(vf a, vf b, std::integer_sequence<int, kLane...>) {
  return __builtin_shufflevector(a, b, (kLane / 2 + kLane % 2 * kLanes)...);
}
vf interleaved(vf a, vf b) { return interleaved(a, b, std::make_integer_sequence<int, kLanes>{}); }

/** to[c * width + j] (+)= w[c * co + j] */
void put_rows(const Piece& part, const float* w, int channels, int co, bool add) {
  const auto row = [&](int c) {
    return c < channels ? load_partial(w + (size_t)c * co + part.column, part.columns) : vf{};
  };
  if (part.width < kLanes) {
    for (int c = 0; c < channels; c += 2)
      put(part.to + (size_t)c * part.width, interleaved(row(c), row(c + 1)), add);
    return;
  }
  for (int c = 0; c < channels; c++) {
    float* const to = part.to + (size_t)c * part.width;
    const float* const from = w + (size_t)c * co + part.column;
    for_lanes(part.columns, [&](int64_t j, auto lanes) { put(to + j, lanes.get(from + j), add); });
  }
}

/** to[c * width + j] (+)= w[j * co + c], by squares that are transposed in registers. */
void put_columns(const Piece& part, const float* w, int channels, int co, bool add) {
  for (int j = 0; j < part.columns; j += kLanes)
    for_lanes(channels, [&](int64_t c, auto lanes) {
      vf square[kLanes];
      for (int i = 0; i < kLanes; i++)
        square[i] = j + i < part.columns ? lanes.get(w + (size_t)(part.column + j + i) * co + c) : vf{};
      transpose(square);
      if (part.width < kLanes) {
        for (int i = 0; i < std::min<int64_t>(kLanes, channels - c); i += 2)
          put(part.to + (size_t)(c + i) * part.width, interleaved(square[i], square[i + 1]), add);
        return;
      }
      for (int i = 0; i < std::min<int64_t>(kLanes, channels - c); i++)
        put(part.to + (size_t)(c + i) * part.width + j, square[i], add);
    });
}

}  // namespace

bool has_half_panel(int channels, int outputs, double products) {
  constexpr int kFewOddChannels = 15;  // whose taps would be short runs
  constexpr double kMany = 96;
  const int vectors = outputs / kLanes, rest = outputs % kLanes;
  if (kLanes < 8 || rest == 0 || rest > kLanes / 2) return false;
  // Where products take all the time, half of them are saved even if taps are short runs.
  if (is_double_pumped()) return channels % 2 == 0 || channels > 3;
  if (channels % 2 && (vectors > 0 || channels <= kFewOddChannels)) return false;
  return vectors % kMaxVectors == 0 || products >= kMany;  // else it would share a panel
}

WeightPanels::WeightPanels(const Gather& g)
    : channels_(g.in_c / g.groups),
      outputs_(g.out_c / g.groups),
      steps_(g.products()),
      half_(has_half_panel(channels_, outputs_, steps_)),
      three_(sizeof(float) * steps_ * 3 * kLanes <= cpu().l2) {}

int WeightPanels::outputs(int output) const {
  const int rest = outputs_ - output, whole = rest / kLanes * kLanes;
  const int columns = half_ && whole > 0 ? whole : rest;
  return three_ ? panel_of(columns) : std::min(columns, kPanel);
}

int WeightPanels::count() const {
  int count = 0;
  for (int o = 0; o < outputs_; o += outputs(o)) count += o == 0 || width(outputs(o)) >= kLanes;
  return count;
}

int WeightPanels::max_rows() const {
  int least = kMaxOfOne;
  for (int o = 0; o < outputs_; o += outputs(o)) least = std::min(least, conv::max_rows(outputs(o), steps_));
  return least;
}

int WeightPanels::width(int outputs) const {
  return half_ && outputs < kLanes ? kLanes / 2 : round_up(outputs, kLanes);
}

size_t WeightPanels::size(int output) const {
  size_t size = 0;
  for (int o = 0; o < output; o += outputs(o)) {
    const int width = this->width(outputs(o));
    size += (size_t)width * (width < kLanes ? round_up(channels_, 2) : channels_);
  }
  return size;
}

size_t weights_size(const Gather& g) { return g.plan.taps() * g.groups * WeightPanels(g).size(); }

void pack_weights(const Gather& g, const WeightLayout& w, float* packed) {
  const ConvShape& s = *w.shape;
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups;
  const int ci = s.ci / s.groups, co = s.co;
  const WeightPanels panels(g);
  std::vector<Piece> parts;
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      for (int group = 0; group < g.groups; group++) {
        for (int column = 0, columns; column < outputs; column += columns) {
          columns = panels.outputs(column);
          const int width = panels.width(columns);
          for (const Tap& ty : y.taps) {
            for (const Tap& tx : x.taps) {
              parts.push_back({&ty, &tx, group, column, columns, width, packed});
              packed += panels.size(column + columns) - panels.size(column);
            }
          }
        }
      }
    }
  }
  const auto pack = [&](int index, int) {
    const Piece& part = parts[index];
    bool add = false;
    for_elements(*part.ty, *part.tx, [&](int p, int q) {
      const float* const from =
          w.weights + (size_t)(p * s.kw + q) * ci * co + (size_t)part.group * (co / s.groups);
      (w.transposed ? put_columns : put_rows)(part, from, channels, co, add);
      add = true;
    });
  };
  const bool tiny = (size_t)s.kh * s.kw * ci * co < 8192;
  if (tiny)
    for (int i = 0; i < (int)parts.size(); i++) pack(i, 0);
  else
    parallel_for((int)parts.size(), pack);
}

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
