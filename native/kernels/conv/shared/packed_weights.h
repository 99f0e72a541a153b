// Weights in the form that an algorithm reads: packed or transformed, once for those that do not change, else at every run.
#pragma once

#include <vector>

#include "program/step.h"
#include "runtime/core_distance.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv {

/** The `size` floats that pack(to) writes: kept from a run before, or made now. */
template <class Pack>
const float* packed_weights(KeptWeights* kept, size_t size, Pack pack) {
  if (kept) return kept->get(size, pack);
  float* const to = (float*)shared_scratch(0, size * sizeof(float));
  pack(to);
  return to;
}

/**
 * run(weights), where weights(thread) are those that a thread shall read, in the form that pack(to) writes. Up to kMaxCopies
 * threads each pack their own where cores do not share an L3: that takes less time, by up to a half, than fetching from the
 * other core's caches what it packed. Not where each thread reads only a part of them (`in_parts`).
 */
template <class Pack, class Run>
void run_packed(KeptWeights* kept, size_t size, bool in_parts, Pack pack, Run run) {
  constexpr int kMaxCopies = 4;
  if (kept || in_parts || threads() > kMaxCopies || cores_share_l3()) {
    const float* const made = packed_weights(kept, size, pack);
    return run([=](int) { return made; });
  }
  std::vector<const float*> copies(threads());
  run([&](int thread) {
    if (!copies[thread]) {
      float* const to = (float*)thread_scratch(size * sizeof(float), 1);
      pack(to);
      copies[thread] = to;
    }
    return copies[thread];
  });
}

}  // namespace fovea::FOVEA_ISA::conv
