#include "conv_table.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "../numbers.h"
#include "../thread_pool.h"
#include "conv_depthwise.h"
#include "conv_direct.h"
#include "conv_few_outputs.h"
#include "conv_gather.h"
#include "conv_micro.h"
#include "conv_pairs.h"
#include "conv_planar.h"
#include "conv_weight_grad.h"
#include "winograd_conv.h"

namespace fovea::FOVEA_ISA {
namespace {

bool always(Direction, const ConvShape&) { return true; }

bool never(Direction, const ConvShape&) { return false; }

bool channels_stay_apart(Direction, const ConvShape& s) { return is_depthwise(s); }

std::vector<winograd::Phase> winograd_phases(const Plan& plan, const ConvShape& s) {
  return s.groups == 1 ? winograd::phases_of(plan) : std::vector<winograd::Phase>{};
}
Plan plan_of(Direction direction, const ConvShape& s) {
  return direction == Direction::input_grad ? plan_input_grad(s) : plan_forward(s);
}
bool winograd_fits(Direction direction, const ConvShape& s) {
  return !winograd_phases(plan_of(direction, s), s).empty();
}

/**
 * Measured on Sapphire Rapids and, for the weight gradient, Zen 5, with AVX-512 and with AVX2, against
 * implicit-gemm: fewer products must pay for the transforms, which weigh more the fewer channels there are.
 * Forward, the kernels are transformed too, which only a dozen tiles or more pay for.
 */
bool winograd_pays(Direction direction, const ConvShape& s) {
  const Plan plan = plan_of(direction, s);
  const std::vector<winograd::Phase> phases = winograd_phases(plan, s);
  const int least = std::min(s.ci, s.co), read = direction == Direction::input_grad ? s.co : s.ci;
  const int tiles = s.n * phases[0].tiles_y() * phases[0].tiles_x();
  const double gain = winograd::gain(phases);
  if (direction == Direction::weight_grad) {
    if (tiles < 16 || s.ci < (s.co > 16 ? 5 : 8) || s.co < (s.ci >= 16 ? 3 : 5)) return false;
    if (s.co <= 5) return gain >= 2;
    return gain >= (least >= 16 || s.ci >= 48 ? 1.5 : s.ci >= 24 ? 1.6 : s.ci >= 12 ? 2 : 2.7);
  }
  const int written = direction == Direction::input_grad ? s.ci : s.co;
  if (least < 5 || read * written < 128 || read < (written <= 16 ? 12 : 8) || tiles < 12) return false;
  // Transformed kernels that leave the second-level cache weigh as much as more tiles.
  const double transformed = (double)sizeof(float) * phases[0].depth() * phases.size() * s.ci * s.co;
  const double worth = transformed > (1 << 20) ? 24 : 8;
  return gain * tiles / (tiles + worth) >= (least >= 64 ? 1.6 : least >= 32 ? 1.7 : least >= 24 ? 2.2 : 2.7);
}

/** One to four channels on the side that is written. */
bool few_outputs(Direction direction, const ConvShape& s) {
  if (direction == Direction::weight_grad && (s.stride_y != 1 || s.stride_x != 1 || s.up != 1)) return false;
  return s.groups == 1 && (direction == Direction::input_grad ? s.ci : s.co) <= kFewOutputs;
}
/** With fewer on the other side `planar` is faster. */
bool many_inputs(Direction direction, const ConvShape& s) {
  if (direction == Direction::weight_grad) return s.ci >= (s.co < 4 || s.kh * s.kw <= 4 ? 8 : 16);
  const bool backward = direction == Direction::input_grad, strided = !backward && s.stride_x > 1;
  const int read = backward ? s.co : s.ci, written = backward ? s.ci : s.co;
  return read >= (written == 1 || strided ? 12 : 2 * kLanes);
}

bool planar_fits(Direction direction, const ConvShape& s) {
  return s.groups == 1 && (direction != Direction::weight_grad || s.up == 1);
}

bool pairs_fit(Direction direction, const ConvShape& s) {
  return direction == Direction::weight_grad && pairs_weight_grad_fits(s);
}
/** With more channels implicit-gemm, which loads less for each product, is as fast or faster. */
bool few_inputs(Direction, const ConvShape& s) { return s.ci <= 2 || (s.ci <= 4 && s.co > 16); }

/**
 * Measured on Zen 5, with AVX-512 and with AVX2. Against implicit-gemm it gains as much as the outputs leave of
 * vectors of channels empty, and loses what lies between its rows and what it takes to turn the input into planes,
 * which every tap uses again. Winograd's method is faster where there are many channels on the other side.
 */
bool planar_pays(Direction direction, const ConvShape& s) {
  const bool backward = direction == Direction::input_grad;
  const auto winograd_is_chosen = [&] { return winograd_fits(direction, s) && winograd_pays(direction, s); };
  const int columns = backward ? ceil_div(s.w, s.stride_x) : s.ow;
  const double longer = 1 + (s.kw - 1) * s.dilation_x / s.stride_x / (double)columns;  // rows, by this factor
  const double steps = s.stride_y * s.stride_x;
  if (direction == Direction::weight_grad) {
    const double outputs = s.co * longer;
    if (s.kh * s.kw <= 4) return s.co <= kFewOutputs && s.ci <= 5 && steps == 1;
    if (outputs <= 2.5) return true;
    const bool many_taps = s.kh * s.kw >= 16 || s.ci == 1 || s.ci >= 8;
    if (steps > 1) return outputs <= 5.5 && many_taps && !winograd_is_chosen();
    if (s.co > kFewOutputs && s.ci == 1 && pairs_weight_grad_fits(s)) return false;
    return outputs <= 8.5 && (outputs <= (s.ci < 12 ? 8.5 : 5.5) || !winograd_is_chosen());
  }
  const int read = backward ? s.co : s.ci, written = backward ? s.ci : s.co;
  if (written <= kFewOutputs) return true;
  if (read > (s.kh * s.kw > 9 ? 64 : 32) && winograd_is_chosen()) return false;
  const int lanes = round_up(written, kLanes);
  const double empty = 1 - written * longer / (lanes * (lanes == 16 ? 0.78 : 1));
  const double taps = s.kh * s.kw / (backward ? steps : 1);
  return written <= 12 && taps * empty - 0.33 * (backward ? 1 : steps) >= 1.05;
}

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

Gather gather_of(const ConvCall& c) {
  const ConvShape& s = c.shape;
  const Epilogue* const e = needed(c.epilogue);
  if (c.direction == Direction::forward)
    return {plan_forward(s), s.n, s.h, s.w, s.ci, s.oh, s.ow, s.co, s.groups, c.a, c.out, e};
  return {plan_input_grad(s), s.n, s.oh, s.ow, s.co, s.h, s.w, s.ci, s.groups, c.a, c.out, e};
}

void run_implicit_gemm(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) return weight_grad_gemm(s, c.a, c.b, c.out);
  const bool turned = c.direction == Direction::input_grad;
  const Gather g = gather_of(c);
  gather_conv(g, prepared_weights(c.cache, packed_weights_size(g), [&](float* to) {
                pack_weights(g, {&s, c.b, turned}, to);
              }));
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

/**
 * Up to so many threads each transform all kernels for themselves: that takes less time than fetching from the
 * other core's caches what it transformed, or as long where the cores share a cache.
 */
constexpr int kMostCopies = 4;

void run_winograd(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) {
    const Plan plan = plan_forward(s);
    return winograd::weight_grad(s, plan, winograd::phases_of(plan), c.a, c.b, c.out);
  }
  const bool turned = c.direction == Direction::input_grad;
  const Gather g = gather_of(c);
  const std::vector<winograd::Phase> phases = winograd::phases_of(g.plan);
  const size_t size = winograd::weights_size(g, phases);
  const auto transform = [&](float* to) { winograd::transform_weights(g, phases, {&s, c.b, turned}, to); };
  if (c.cache || threads() > kMostCopies) {
    const float* const made = prepared_weights(c.cache, size, transform);
    return winograd::convolve(g, phases, [=](int) { return made; });
  }
  std::vector<const float*> copies(threads());
  winograd::convolve(g, phases, [&](int thread) {
    if (!copies[thread]) {
      float* const to = (float*)thread_scratch(size * sizeof(float), 1);
      transform(to);
      copies[thread] = to;
    }
    return copies[thread];
  });
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

void run_pairs(const ConvCall& c) { pairs_weight_grad(c.shape, c.a, c.b, c.out); }

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

/** Reads the numbers that src/backend/native/encode.ts writes for the trio. */
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
    {"few-output-channels", few_outputs, many_inputs, run_few_outputs},
    {"planar", planar_fits, planar_pays, run_planar},
    {"winograd-4x4", winograd_fits, winograd_pays, run_winograd},
    {"winograd-pairs", pairs_fit, few_inputs, run_pairs},
    {"depthwise", channels_stay_apart, always, run_depthwise},
    {"implicit-gemm", always, always, run_implicit_gemm},
    {"direct", always, never, run_direct},
};

namespace {

/** The variant with this number or, for a negative one, the preferred; null where it does not serve the
 * shape. */
const ConvVariant* choose(Direction direction, const ConvShape& shape, int variant) {
  for (int i = 0; i < kConvVariants; i++) {
    const ConvVariant& v = kConvTable[i];
    if (v.supports(direction, shape) && (variant < 0 ? v.preferred(direction, shape) : i == variant))
      return &v;
  }
  return nullptr;
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
