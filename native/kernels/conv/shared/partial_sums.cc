#include "kernels/conv/shared/partial_sums.h"

#include <algorithm>

#include "kernels/simd/lanes.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv {

float* room_for(const Partials& p, float* dw) {
  return p.are_result() ? dw : (float*)shared_scratch(0, sizeof(float) * (size_t)p.size * p.splits);
}

void add_up(const Partials& p, const float* sets, float* dw) {
  if (p.are_result()) return;
  const ConvShape& s = p.s;
  const ptrdiff_t block = (ptrdiff_t)(s.ci / s.groups) * s.co;
  std::vector<std::vector<ptrdiff_t>> sources((size_t)s.kh * s.kw);
  for (const PhaseSums& phase : p.phases) {
    ptrdiff_t at = phase.offset;
    for (const Tap& ty : phase.y->taps) {
      for (const Tap& tx : phase.x->taps) {
        for (int i : ty.elements)
          for (int j : tx.elements) sources[(size_t)i * s.kw + j].push_back(at);
        at += block;
      }
    }
  }
  constexpr ptrdiff_t kPiece = 2048;
  const int pieces = (int)((block + kPiece - 1) / kPiece);
  const auto add_piece = [&](int index, int) {
    const int element = index / pieces;
    const ptrdiff_t begin = index % pieces * kPiece, size = std::min(kPiece, block - begin);
    float* const to = dw + element * block + begin;
    for_lanes(size, [&](int64_t i, auto lanes) {
      vf sum{};
      for (const ptrdiff_t source : sources[element])
        for (int split = 0; split < p.splits; split++)
          sum += lanes.get(sets + split * p.size + source + begin + i);
      lanes.put(to + i, sum);
    });
  };
  const int count = (int)sources.size() * pieces;
  if (p.size * p.splits <= kChunk)  // sooner done than handed to another core
    for (int i = 0; i < count; i++) add_piece(i, 0);
  else
    parallel_for(count, add_piece);
}

}  // namespace fovea::FOVEA_ISA::conv
