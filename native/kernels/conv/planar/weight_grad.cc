// The planar weight gradient: dw[step, o] = sum over positions of x[position + offset of the step] * dy[o, position], where x
// and dy are planes of the same pitch and dy is 0 between its rows. Lanes are added up at the end.
#include <algorithm>
#include <array>
#include <utility>

#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/planar/blocks.h"
#include "kernels/conv/planar/forward.h"
#include "kernels/conv/shared/partial_sums.h"
#include "kernels/simd/integers.h"
#include "kernels/simd/lanes.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::planar {
namespace {

constexpr int kMaxOutputs = kLanes == 16 ? 6 : 3;
constexpr int max_steps(int outputs) { return std::min(12, kRegisters / outputs); }

/** sums[step][output] of vectors += the products of a run of x and of some outputs' dy, `size` apart. */
struct Products {
  const ptrdiff_t* offsets;
  const float *x, *dy;
  ptrdiff_t size, run;
  float* sums;
  ptrdiff_t next_step;  // in sums
};

template <int kSteps, int kOutputs>
void add_products(const Products& p) {
  vf sums[kSteps][kOutputs];
  const float* x[kSteps];
#pragma GCC unroll 12
  for (int i = 0; i < kSteps; i++) {
    x[i] = p.x + p.offsets[i];
#pragma GCC unroll 6
    for (int o = 0; o < kOutputs; o++) sums[i][o] = load(p.sums + i * p.next_step + o * kLanes);
  }
  for (ptrdiff_t at = 0; at < p.run; at += kLanes) {
    vf dy[kOutputs];
#pragma GCC unroll 6
    for (int o = 0; o < kOutputs; o++) dy[o] = load(p.dy + o * p.size + at);
#pragma GCC unroll 12
    for (int i = 0; i < kSteps; i++) {
      const vf from = load(x[i] + at);
#pragma GCC unroll 6
      for (int o = 0; o < kOutputs; o++) accumulate(from, dy[o], sums[i][o]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kSteps; i++)
#pragma GCC unroll 6
    for (int o = 0; o < kOutputs; o++) store(p.sums + i * p.next_step + o * kLanes, sums[i][o]);
}

template <int kOutputs>
void add_steps(Products p, int steps) {
  constexpr int kMax = max_steps(kOutputs);
  static constexpr auto kAdd = []<int... S>(std::integer_sequence<int, S...>) {
    return std::array<void (*)(const Products&), kMax>{add_products<S + 1, kOutputs>...};
  }
  (std::make_integer_sequence<int, kMax>());
  const ptrdiff_t* const offsets = p.offsets;
  float* const sums = p.sums;
  const int parts = ceil_div(steps, kMax);
  for (int part = 0; part < parts; part++) {
    const int begin = steps * part / parts, end = steps * (part + 1) / parts;
    p.offsets = offsets + begin;
    p.sums = sums + begin * p.next_step;
    kAdd[end - begin - 1](p);
  }
}

void add_all(Products p, int steps, int outputs) {
  static constexpr auto kAdd = []<int... O>(std::integer_sequence<int, O...>) {
    return std::array<void (*)(Products, int), kMaxOutputs>{add_steps<O + 1>...};
  }
  (std::make_integer_sequence<int, kMaxOutputs>());
  const float* const dy = p.dy;
  float* const sums = p.sums;
  const int parts = ceil_div(outputs, kMaxOutputs);
  for (int part = 0; part < parts; part++) {
    const int begin = outputs * part / parts, end = outputs * (part + 1) / parts;
    p.dy = dy + begin * p.size;
    p.sums = sums + begin * kLanes;
    kAdd[end - begin - 1](p, steps);
  }
}

}  // namespace

void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw) {
  const Plan plan = plan_forward(s);
  const Blocks b(plan.y[0], plan.x[0], s.ci, s.n);
  const std::vector<ptrdiff_t> offsets = b.offsets(plan.x[0]);
  const Planes gradient(s.co, b.rows, b.planes.pitch);
  Partials partials(s, plan);
  partials.split(s.n * b.per_image());
  float* const sets = room_for(partials, dw);
  const int blocks = s.n * b.per_image(), count = (int)offsets.size() * s.co;
  parallel_for(partials.splits, [&](int split, int) {
    const ptrdiff_t line = std::max(b.planes.line_size(), gradient.line_size());
    float* const room = (float*)thread_scratch(
        sizeof(float) * (b.size() + gradient.all() + line + (ptrdiff_t)count * kLanes));
    float *const dy_room = room + b.size(), *const line_room = dy_room + gradient.all(),
                 *const sums = line_room + line;
    std::fill(sums, sums + (ptrdiff_t)count * kLanes, 0.0f);
    const auto first = [&](int i) { return part_start(blocks, i, partials.splits); };
    for (int index = first(split); index < first(split + 1); index++) {
      const int image = index / b.per_image(), y0 = index % b.per_image() / b.across * b.rows,
                x0 = index % b.across * b.columns;
      const int rows = std::min(b.rows, b.y.count - y0), columns = std::min(b.columns, b.x.count - x0);
      if (rows <= 0 || columns <= 0) continue;
      b.take(Image{x, s.h, s.w, s.ci, s.ci}.number(image), y0, x0, line_room, room);
      take_planes(gradient, Image{dy, s.oh, s.ow, s.co, s.co}.number(image), {y0, 1, x0, columns}, line_room,
                  dy_room);
      add_all({offsets.data(), room, dy_room, gradient.size, b.run(rows), sums, (ptrdiff_t)s.co * kLanes},
              (int)offsets.size(), s.co);
    }
    float* const set = sets + split * partials.size;
    for (int i = 0; i < count; i++) set[i] = sum(load(sums + i * kLanes));
  });
  add_up(partials, sets, dw);
}

}  // namespace fovea::FOVEA_ISA::conv::planar
