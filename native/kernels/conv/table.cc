#include "kernels/conv/table.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernels/conv/cost.h"
#include "kernels/conv/depthwise/forward.h"
#include "kernels/conv/direct/direct.h"
#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/implicit_gemm/forward.h"
#include "kernels/conv/implicit_gemm/weight_grad.h"
#include "kernels/conv/planar/forward.h"
#include "kernels/conv/winograd/forward.h"
#include "kernels/conv/winograd_f3_2/weight_grad.h"
#include "kernels/gemm/gemm.h"
#include "program/numbers.h"
#include "runtime/core_distance.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace {

/** The epilogue, or null where it does nothing. */
const Epilogue* needed(const Epilogue& e) {
  const bool any = e.bias || e.residual || e.saved || e.activation != Activation::linear;
  return any ? &e : nullptr;
}

/** Weights in the form that `prepare` writes: from the cache of a frozen operand, or made now. */
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
 * Up to so many threads each prepare all weights for themselves where cores are far from each other: that takes
 * less time, by up to a half, than fetching from the other core's caches what it prepared.
 */
constexpr int kMostCopies = 4;

/** run(weights), where weights(thread) are those that a thread shall read, in the form that `prepare` writes; `in_parts`: each
 * thread reads a part of them. */
template <class Prepare, class Run>
void run_prepared(Cache* cache, size_t size, bool in_parts, Prepare prepare, Run run) {
  if (cache || in_parts || threads() > kMostCopies || cores_are_near()) {
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

/** Does each number of the output depend on one pixel, and are all pixels read? */
bool is_pixelwise(const ConvShape& s) {
  const bool single = s.kh == 1 && s.kw == 1 && s.stride_y == 1 && s.stride_x == 1 && s.up == 1;
  const bool all = s.pad_top == 0 && s.pad_left == 0 && s.oh == s.h && s.ow == s.w;
  return single && all && (int64_t)s.n * s.h * s.w <= std::numeric_limits<int>::max();
}

/** As if all pixels of such a convolution were one row. */
ConvShape in_one_row(ConvShape s) {
  s.w = s.ow = s.n * s.h * s.w;
  s.n = s.h = s.oh = 1;
  return s;
}

/** Such a convolution as a matrix product, which copies A. */
void run_product(const ConvCall& c, bool turned, int read) {
  const ConvShape& s = c.shape;
  const int written = turned ? s.ci : s.co;
  gemm(s.n * s.h * s.w, written, read, DenseA{c.a, read, false}, DenseB{c.b, s.co, !turned},
       DenseC{c.out, written}, c.epilogue, c.cache);
}

/** Pixels so far apart share lines of the first-level cache: of the rows of a tile hardly any stay there. */
bool pixels_collide(int channels) { return channels * sizeof(float) % 4096 == 0; }

Gather gather_of(const ConvCall& c) {
  Gather g = c.direction == Direction::forward ? gather_forward(c.shape) : gather_input_grad(c.shape);
  g.in = c.a, g.out = c.out, g.epilogue = needed(c.epilogue);
  return g;
}

void run_implicit_gemm(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) return weight_grad_gemm(s, c.a, c.b, c.out);
  const bool turned = c.direction == Direction::input_grad;
  ConvCall row = c;
  if (is_pixelwise(s)) {
    const int read = turned ? s.co : s.ci;
    if (s.groups == 1 && pixels_collide(read)) return run_product(c, turned, read);
    row.shape = in_one_row(s);
  }
  const Gather g = gather_of(row);
  const size_t size = packed_weights_size(g);
  const bool in_parts = sizeof(float) * size > 2 * cpu().l2;
  run_prepared(
      c.cache, size, in_parts,
      [&](float* to) {
        pack_weights(g, {&s, c.b, turned}, to);
      },
      [&](auto weights) { gather_conv(g, weights); });
}

void run_few_outputs(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) return few_outputs_weight_grad(s, c.a, c.b, c.out);
  const bool turned = c.direction == Direction::input_grad;
  const Gather g = gather_of(c);
  few_outputs_conv(g, prepared_weights(c.cache, few_outputs_weights_size(g), [&](float* to) {
                     few_outputs_pack(g, {&s, c.b, turned}, to);
                   }));
}

void transform_and_convolve(const ConvCall& c, const Gather& g, const std::vector<winograd::Phase>& phases) {
  run_prepared(
      c.cache, winograd::weights_size(g, phases), false,
      [&](float* to) {
        winograd::transform_weights(g, phases, {&c.shape, c.b, c.direction == Direction::input_grad}, to);
      },
      [&](auto weights) { winograd::convolve(g, phases, weights); });
}

void run_winograd(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) {
    const Plan plan = undilated(plan_forward(s));
    return winograd::weight_grad(s, plan, winograd::phases_of(plan), c.a, c.b, c.out);
  }
  Gather g = gather_of(c);
  g.plan = undilated(std::move(g.plan));
  const std::vector<winograd::Phase> phases = winograd::phases_of(g.plan);
  // Phases take turns, as they read the same parts of the image. Where their transformed kernels are more than the image,
  // one follows the other: its kernels stay in nearer caches (1.05 to 1.5 times).
  if (c.cache || sizeof(float) * winograd::weights_size(g, phases) <= g.read_bytes())
    return transform_and_convolve(c, g, phases);
  for (auto first = phases.begin(), end = first; first != phases.end(); first = end) {
    end = std::find_if(first + 1, phases.end(), [](const winograd::Phase& p) { return !p.repeats; });
    transform_and_convolve(c, g, {first, end});
  }
}

void run_depthwise(const ConvCall& c) {
  if (c.direction == Direction::weight_grad) return depthwise_weight_grad(c.shape, c.a, c.b, c.out);
  const Gather g = gather_of(c);
  depthwise_conv(g, prepared_weights(c.cache, depthwise_weights_size(g), [&](float* to) {
                   depthwise_pack(g, {&c.shape, c.b, false}, to);
                 }));
}

void run_planar(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) return planar_weight_grad(s, c.a, c.b, c.out);
  const bool turned = c.direction == Direction::input_grad;
  const Gather g = gather_of(c);
  planar_conv(g, prepared_weights(c.cache, planar_weights_size(g), [&](float* to) {
                planar_pack(g, {&s, c.b, turned}, to);
              }));
}

void run_squares(const ConvCall& c) { squares_weight_grad(c.shape, c.a, c.b, c.out); }

void run_direct(const ConvCall& c) {
  switch (c.direction) {
    case Direction::forward:
      return direct_forward(c.shape, c.a, c.b, c.out, c.epilogue);
    case Direction::input_grad:
      return direct_input_grad(c.shape, c.a, c.b, c.out, c.epilogue);
    case Direction::weight_grad:
      return direct_weight_grad(c.shape, c.a, c.b, c.out);
  }
}

/** Reads the numbers that src/backend/native/encode-products.ts writes for the trio. */
ConvCall read_call(const Call& call, Direction direction, int& variant) {
  Numbers numbers(call);
  ConvCall c{};
  c.direction = direction;
  ConvShape& s = c.shape;
  for (int* field : {&s.n, &s.h, &s.w, &s.ci, &s.oh, &s.ow, &s.co, &s.kh, &s.kw, &s.stride_y, &s.stride_x,
                     &s.pad_top, &s.pad_left, &s.dilation_y, &s.dilation_x, &s.groups, &s.up})
    *field = numbers.small();
  const int flags = numbers.small();
  c.epilogue.activation = (Activation)numbers.small();
  c.epilogue.gradient_of = (Activation)numbers.small();
  c.epilogue.alpha = (float)numbers.real();
  variant = numbers.small();
  int next = 0;
  c.a = call.operands[next++];
  c.b = call.operands[next++];
  if (flags & kHasBias) c.epilogue.bias = call.operands[next++];
  if (flags & kHasResidual) c.epilogue.residual = call.operands[next++];
  if (flags & kHasSaved) c.epilogue.saved = call.operands[next++];
  c.out = call.operands[next];
  c.cache = flags & kFrozenWeights ? call.cache : nullptr;
  return c;
}

void run(const Call& call, Direction direction) {
  int variant;
  const ConvCall c = read_call(call, direction, variant);
  const ConvShape& s = c.shape;
  if (s.n == 0) {  // no images: nothing to write, or sums of nothing
    if (direction == Direction::weight_grad)
      std::fill_n(c.out, (size_t)s.kh * s.kw * (s.ci / s.groups) * s.co, 0.0f);
    return;
  }
  run_conv(c, variant);
}

}  // namespace

const ConvVariant kConvTable[kConvVariants] = {
    {"few-output-channels", has_few_outputs, few_outputs_cost, run_few_outputs},
    {"planar", fits_planar, planar_cost, run_planar},
    {"winograd-4x4", fits_winograd, winograd_cost, run_winograd},
    {"winograd-squares", fits_squares, squares_cost, run_squares},
    {"depthwise", fits_depthwise, depthwise_cost, run_depthwise},
    {"implicit-gemm", always, implicit_gemm_cost, run_implicit_gemm},
    {"direct", always, never, run_direct},
};

namespace {

/** The variant with this number or, for a negative one, the cheapest; null where it does not serve the shape. */
const ConvVariant* find(Direction direction, const ConvShape& shape, int variant) {
  const ConvWork work(direction, shape);
  const ConvVariant* cheapest = nullptr;
  double least = 0;
  for (int i = 0; i < kConvVariants; i++) {
    const ConvVariant& v = kConvTable[i];
    if ((variant >= 0 && i != variant) || !v.supports(work)) continue;
    if (variant >= 0) return &v;
    const double cost = v.cost(work);
    if (!cheapest || cost < least) cheapest = &v, least = cost;
  }
  return cheapest;
}

/** The same, remembered for the shapes that this thread met last: to find it takes as long as a small convolution. */
const ConvVariant* choose(Direction direction, const ConvShape& shape, int variant) {
  struct Choice {
    Direction direction;
    ConvShape shape;
    int variant;
    const ConvVariant* chosen = nullptr;
  };
  constexpr unsigned kRemembered = 64;
  thread_local Choice choices[kRemembered];
  unsigned place = (unsigned)direction * 31 + (unsigned)variant;
  for (int number : {shape.n, shape.h, shape.w, shape.ci, shape.co, shape.kh, shape.stride_x})
    place = place * 31 + (unsigned)number;
  Choice& choice = choices[place % kRemembered];
  const bool same = choice.direction == direction && choice.variant == variant && choice.shape == shape;
  if (!choice.chosen || !same) choice = {direction, shape, variant, find(direction, shape, variant)};
  return choice.chosen;
}

}  // namespace

void run_conv(const ConvCall& call, int variant) {
  const ConvVariant* const v = choose(call.direction, call.shape, variant);
  if (!v)
    throw std::logic_error("conv2d: the variant number " + std::to_string(variant) +
                           " does not serve this shape");
  v->run(call);
}

int conv_variant(const Call& call, Direction direction) {
  int variant;
  const ConvShape shape = read_call(call, direction, variant).shape;
  const ConvVariant* const v = choose(direction, shape, variant);
  return v ? (int)(v - kConvTable) : -1;
}

void conv2d(const Call& call) { run(call, Direction::forward); }
void conv2d_input_grad(const Call& call) { run(call, Direction::input_grad); }
void conv2d_weight_grad(const Call& call) { run(call, Direction::weight_grad); }

}  // namespace fovea::FOVEA_ISA
