// Weights in the form that an algorithm reads: packed or transformed, once for frozen ones, else at every call.
#pragma once

#include <vector>

#include "program/call.h"
#include "runtime/core_distance.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv {

/** What `prepare` writes, `size` floats: from the cache of a frozen operand, or made now. */
template <class Prepare>
const float* prepared_weights(Cache* cache, size_t size, Prepare prepare) {
  if (cache && cache->ready) return cache->data;
  if (cache) cache->reserve(size * sizeof(float));
  float* const to = cache ? cache->data : (float*)shared_scratch(0, size * sizeof(float));
  prepare(to);
  if (cache) cache->ready = true;
  return to;
}

/**
 * run(weights), where weights(thread) are those that a thread shall read, in the form that `prepare` writes. Up to kMaxCopies
 * threads each prepare their own where cores do not share an L3: that takes less time, by up to a half, than fetching from the
 * other core's caches what it prepared. Not where each thread reads only a part of them (`in_parts`).
 */
template <class Prepare, class Run>
void run_prepared(Cache* cache, size_t size, bool in_parts, Prepare prepare, Run run) {
  constexpr int kMaxCopies = 4;
  if (cache || in_parts || threads() > kMaxCopies || cores_share_l3()) {
    const float* const made = prepared_weights(cache, size, prepare);
    return run([=](int) { return made; });
  }
  std::vector<const float*> copies(threads());
  run([&](int thread) {
    if (!copies[thread]) {
      float* const to = (float*)thread_scratch(size * sizeof(float), 1);
      prepare(to);
      copies[thread] = to;
    }
    return copies[thread];
  });
}

}  // namespace fovea::FOVEA_ISA::conv
