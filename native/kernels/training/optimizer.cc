// sgdStep and adamStep: the update rules, in place, over any number of parameters in one parallel pass.
#include <algorithm>

#include "kernels/simd/lanes.h"
#include "kernels/simd/math.h"
#include "program/numbers.h"
#include "runtime/core_distance.h"

namespace fovea::FOVEA_ISA {
namespace {

/**
 * Stores what becomes of the parameters at `first`: by non-temporal stores where cores do not share an L3. All threads have read
 * them, so writing a line of which two cores hold a copy takes some 65 ns, a non-temporal store 5 (see store_nontemporally();
 * unlike there, large ones too).
 */
struct Updated {
  const bool nontemporal;
  Updated(const float* first, bool crosses_l3)
      : nontemporal(kHasNontemporalStore && crosses_l3 && begins_line(first)) {}

  void put(float* p, vf v, Whole) const { nontemporal ? store_nontemporal(p, v) : store(p, v); }
  void put(float* p, vf v, Part lanes) const { lanes.put(p, v); }
};

/**
 * task(parameter, begin, end) for chunks of all parameters, whose sizes come next in `numbers`. Each thread begins with its
 * part of every parameter: its gradient is mostly what this thread made of it, as products are crosses_l3 out by rows.
 */
template <class Task>
void for_each_chunk(Numbers& numbers, Task task) {
  const int64_t count = numbers.whole(), parts = threads();
  int64_t* sizes = (int64_t*)shared_scratch(0, size_t(count + count * parts) * sizeof(int64_t));
  int64_t* last = sizes + count;  // chunks of this part of this parameter and those before it, part by part
  int64_t total = 0, chunks = 0;
  for (int64_t p = 0; p < count; p++) total += sizes[p] = numbers.whole();
  const auto start = [=](int64_t part, int64_t p) {
    return part == parts ? sizes[p] : sizes[p] * part / parts / kLine * kLine;
  };
  for (int64_t i = 0; i < count * parts; i++) {
    const int64_t size = start(i / count + 1, i % count) - start(i / count, i % count);
    last[i] = chunks += (size + kChunk - 1) / kChunk;
  }
  const auto run = [&](int64_t chunk) {
    const int64_t i = std::upper_bound(last, last + count * parts, chunk) - last, p = i % count;
    const int64_t begin = start(i / count, p) + (chunk - (i > 0 ? last[i - 1] : 0)) * kChunk;
    task(p, begin, std::min(begin + kChunk, start(i / count + 1, p)));
  };
  // Chunks of small parameters are gathered into tasks of about the usual size.
  parallel_rows(chunks, chunks > 0 ? total / chunks : 1, [&](int64_t chunk, int64_t end) {
    for (; chunk < end; chunk++) run(chunk);
  });
}

}  // namespace

void sgd_step(const Call& call) {
  Numbers numbers(call);
  const bool nesterov = numbers.flag();
  const float* hyper = call.operands[0];
  const vf rate = splat(hyper[0]), momentum = splat(hyper[1]), decay = splat(hyper[2]),
           scale = splat(hyper[3]);
  const bool crosses_l3 = !cores_share_l3();
  for_each_chunk(numbers, [&](int64_t parameter, int64_t begin, int64_t end) {
    float* const* operands = call.operands + 1 + 3 * parameter;
    float *p = operands[0] + begin, *g = operands[1] + begin, *v = operands[2] + begin;
    const Updated updated(p, crosses_l3);
    for_lanes(end - begin, [&](int64_t i, auto lanes) {
      const vf gradient = scale * lanes.get(g + i) + decay * lanes.get(p + i);
      const vf velocity = momentum * lanes.get(v + i) + gradient;
      lanes.put(v + i, velocity);
      const vf step = nesterov ? gradient + momentum * velocity : velocity;
      updated.put(p + i, lanes.get(p + i) - rate * step, lanes);
    });
  });
}

void adam_step(const Call& call) {
  Numbers numbers(call);
  const float* hyper = call.operands[0];
  const vf rate = splat(hyper[0]), beta1 = splat(hyper[1]), beta2 = splat(hyper[2]),
           epsilon = splat(hyper[3]);
  const vf decay = splat(hyper[4]), scale = splat(hyper[7]);
  const vf of_gradient1 = 1.0f - beta1, of_gradient2 = 1.0f - beta2;
  const vf correction1 = splat(float(1 / double(hyper[5]))), correction2 = splat(float(1 / double(hyper[6])));
  const bool crosses_l3 = !cores_share_l3();
  for_each_chunk(numbers, [&](int64_t parameter, int64_t begin, int64_t end) {
    float* const* operands = call.operands + 1 + 4 * parameter;
    float *p = operands[0] + begin, *g = operands[1] + begin, *m = operands[2] + begin,
          *v = operands[3] + begin;
    const Updated updated(p, crosses_l3);
    for_lanes(end - begin, [&](int64_t i, auto lanes) {
      const vf gradient = scale * lanes.get(g + i);
      const vf first = beta1 * lanes.get(m + i) + of_gradient1 * gradient;
      const vf second = beta2 * lanes.get(v + i) + of_gradient2 * gradient * gradient;
      const vf step = first * correction1 / (square_root(second * correction2) + epsilon);
      lanes.put(m + i, first);
      lanes.put(v + i, second);
      updated.put(p + i, lanes.get(p + i) - rate * (step + decay * lanes.get(p + i)), lanes);
    });
  });
}

}  // namespace fovea::FOVEA_ISA
