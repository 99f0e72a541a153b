// sgdStep and adamStep: the update rules, in place, over any number of parameters in one parallel pass.
#include <algorithm>

#include "../lanes.h"
#include "../math.h"
#include "../numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

/** task(parameter, begin, end) for chunks of all parameters, whose sizes come next in `numbers`. */
template <class Task>
void for_each_chunk(Numbers& numbers, Task task) {
  const int64_t count = numbers.whole();
  int64_t* sizes = (int64_t*)shared_scratch(0, size_t(2 * count) * sizeof(int64_t));
  int64_t* last = sizes + count;  // chunks of this parameter and those before it
  int64_t chunks = 0, total = 0;
  for (int64_t p = 0; p < count; p++) {
    sizes[p] = numbers.whole();
    chunks += (sizes[p] + kChunk - 1) / kChunk;
    last[p] = chunks;
    total += sizes[p];
  }
  const auto run = [&](int64_t chunk) {
    const int64_t p = std::upper_bound(last, last + count, chunk) - last;
    const int64_t begin = (chunk - (p > 0 ? last[p - 1] : 0)) * kChunk;
    task(p, begin, std::min(begin + kChunk, sizes[p]));
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
  for_each_chunk(numbers, [&](int64_t parameter, int64_t begin, int64_t end) {
    float* const* operands = call.operands + 1 + 3 * parameter;
    float *p = operands[0] + begin, *g = operands[1] + begin, *v = operands[2] + begin;
    for_lanes(end - begin, [&](int64_t i, auto lanes) {
      const vf gradient = scale * lanes.get(g + i) + decay * lanes.get(p + i);
      const vf velocity = momentum * lanes.get(v + i) + gradient;
      lanes.put(v + i, velocity);
      lanes.put(p + i, lanes.get(p + i) - rate * (nesterov ? gradient + momentum * velocity : velocity));
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
  for_each_chunk(numbers, [&](int64_t parameter, int64_t begin, int64_t end) {
    float* const* operands = call.operands + 1 + 4 * parameter;
    float *p = operands[0] + begin, *g = operands[1] + begin, *m = operands[2] + begin,
          *v = operands[3] + begin;
    for_lanes(end - begin, [&](int64_t i, auto lanes) {
      const vf gradient = scale * lanes.get(g + i);
      const vf first = beta1 * lanes.get(m + i) + of_gradient1 * gradient;
      const vf second = beta2 * lanes.get(v + i) + of_gradient2 * gradient * gradient;
      const vf step = first * correction1 / (square_root(second * correction2) + epsilon);
      lanes.put(m + i, first);
      lanes.put(v + i, second);
      lanes.put(p + i, lanes.get(p + i) - rate * (step + decay * lanes.get(p + i)));
    });
  });
}

}  // namespace fovea::FOVEA_ISA
