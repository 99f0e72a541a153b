// Packs convolution weights for conv_gather.cc. For each phase (y outer, x inner), group and panel of
// columns: [tap y][tap x][channel][columns of the panel], columns beyond the last being 0. A panel is kPanel
// wide, a last one of at most kLanes columns is kLanes wide.
#include <algorithm>

#include "../thread_pool.h"
#include "conv_gather.h"
#include "conv_micro.h"
#include "lanes.h"
#include "transpose.h"

namespace fovea::FOVEA_ISA {
namespace {

struct Piece {
  const Tap *ty, *tx;
  int group, column, columns, width;
  float* to;
};

/** to[...] = v, or with `add` the sum of both. */
inline void put(float* to, vf v, bool add) { store(to, add ? load(to) + v : v); }

/** to[c * width + j] (+)= w[c * co + j] */
void put_rows(const Piece& part, const float* w, int channels, int co, bool add) {
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
      for (int i = 0; i < std::min<int64_t>(kLanes, channels - c); i++)
        put(part.to + (size_t)(c + i) * part.width + j, square[i], add);
    });
}

}  // namespace

size_t packed_weights_size(const Gather& g) {
  size_t size = 0;
  for (const AxisPhase& y : g.plan.y)
    for (const AxisPhase& x : g.plan.x)
      size += y.taps.size() * x.taps.size() * (g.in_c / g.groups) * (size_t)g.groups *
              round_up(g.out_c / g.groups, kLanes);
  return size;
}

void pack_weights(const Gather& g, const WeightLayout& w, float* packed) {
  const ConvShape& s = *w.shape;
  const int channels = g.in_c / g.groups, outputs = g.out_c / g.groups;
  const int ci = s.ci / s.groups, co = s.co;
  std::vector<Piece> parts;
  for (const AxisPhase& y : g.plan.y) {
    for (const AxisPhase& x : g.plan.x) {
      for (int group = 0; group < g.groups; group++) {
        for (int column = 0; column < outputs; column += kPanel) {
          const int columns = std::min(kPanel, outputs - column), width = round_up(columns, kLanes);
          for (const Tap& ty : y.taps) {
            for (const Tap& tx : x.taps) {
              parts.push_back({&ty, &tx, group, column, columns, width, packed});
              packed += (size_t)channels * width;
            }
          }
        }
      }
    }
  }
  const auto pack = [&](int index, int) {
    const Piece& part = parts[index];
    bool add = false;
    for (int p : part.ty->elements)
      for (int q : part.tx->elements) {
        const float* const from =
            w.weights + (size_t)(p * s.kw + q) * ci * co + (size_t)part.group * (co / s.groups);
        (w.transposed ? put_columns : put_rows)(part, from, channels, co, add);
        add = true;
      }
  };
  const bool tiny = (size_t)s.kh * s.kw * ci * co < 8192;
  if (tiny)
    for (int i = 0; i < (int)parts.size(); i++) pack(i, 0);
  else
    parallel_for((int)parts.size(), pack);
}

}  // namespace fovea::FOVEA_ISA
