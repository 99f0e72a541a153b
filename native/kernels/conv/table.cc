#include "kernels/conv/table.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

#include "program/numbers.h"

// The rooms of the variants, in the order of their numbers; of equal costs the first is chosen.
#define FOVEA_CONV_VARIANTS(X) \
  X(few_outputs)               \
  X(planar)                    \
  X(winograd)                  \
  X(winograd_f3_2)             \
  X(depthwise)                 \
  X(implicit_gemm)             \
  X(im2col)                    \
  X(direct)

namespace fovea::FOVEA_ISA::conv {

#define FOVEA_DECLARE(room)      \
  namespace room {               \
  extern const Variant kVariant; \
  }
FOVEA_CONV_VARIANTS(FOVEA_DECLARE)

namespace {

#define FOVEA_ENTRY(room) &room::kVariant,
const Variant* const kVariants[] = {FOVEA_CONV_VARIANTS(FOVEA_ENTRY)};

/** Reads the numbers that src/backend/native/encode-products.ts writes for the trio. */
ConvCall read_call(const Call& call, Direction direction, int& variant) {
  Numbers numbers(call);
  ConvCall c{};
  c.direction = direction;
  ConvShape& s = c.shape;
  for (int* field : {&s.n, &s.h, &s.w, &s.ci, &s.oh, &s.ow, &s.co, &s.kh, &s.kw, &s.stride_y, &s.stride_x,
                     &s.pad_top, &s.pad_left, &s.dilation_y, &s.dilation_x, &s.groups, &s.up})
    *field = numbers.small();
  const ProductEnd end(numbers, call);
  c.a = end.a, c.b = end.b, c.out = end.out;
  c.epilogue = end.epilogue;
  c.cache = end.flags & kFrozenWeights ? call.cache : nullptr;
  variant = end.variant;
  return c;
}

/** The number of the variant with this one or, for a negative one, of the cheapest; -1 where it does not serve the shape. */
int find(Direction direction, const ConvShape& shape, int variant) {
  const ConvWork work(direction, shape);
  if (variant >= (int)std::size(kVariants)) return -1;
  if (variant >= 0) return kVariants[variant]->supports(work) ? variant : -1;
  int cheapest = -1;
  double min_cost = 0;
  for (int i = 0; i < (int)std::size(kVariants); i++) {
    if (!kVariants[i]->supports(work)) continue;
    const double cost = kVariants[i]->cost(work);
    if (cheapest < 0 || cost < min_cost) cheapest = i, min_cost = cost;
  }
  return cheapest;
}

/** The same, remembered for the shapes that this thread met last: to find it takes as long as a small convolution. */
int choose(Direction direction, const ConvShape& shape, int variant) {
  struct Choice {
    Direction direction;
    ConvShape shape;
    int variant, chosen;
    bool is_made = false;
  };
  constexpr unsigned kRemembered = 64;
  thread_local Choice choices[kRemembered];
  unsigned place = (unsigned)direction * 31 + (unsigned)variant;
  for (int number : {shape.n, shape.h, shape.w, shape.ci, shape.co, shape.kh, shape.stride_x})
    place = place * 31 + (unsigned)number;
  Choice& choice = choices[place % kRemembered];
  const bool same = choice.direction == direction && choice.variant == variant && choice.shape == shape;
  if (!choice.is_made || !same) choice = {direction, shape, variant, find(direction, shape, variant), true};
  return choice.chosen;
}

void run_kernel(const Call& call, Direction direction) {
  int variant;
  const ConvCall c = read_call(call, direction, variant);
  const ConvShape& s = c.shape;
  if (s.n == 0) {  // no images: nothing to write, or sums of nothing
    if (direction == Direction::weight_grad)
      std::fill_n(c.out, (size_t)s.kh * s.kw * (s.ci / s.groups) * s.co, 0.0f);
    return;
  }
  run(c, variant);
}

}  // namespace

void run(const ConvCall& call, int variant) {
  const int chosen = choose(call.direction, call.shape, variant);
  if (chosen < 0)
    throw std::logic_error("conv2d: the variant number " + std::to_string(variant) +
                           " does not serve this shape");
  kVariants[chosen]->run(call);
}

const char* variant_name(int index) {
  return index < (int)std::size(kVariants) ? kVariants[index]->name : nullptr;
}

int variant_of(const Call& call, Direction direction) {
  int variant;
  const ConvShape shape = read_call(call, direction, variant).shape;
  return choose(direction, shape, variant);
}

}  // namespace fovea::FOVEA_ISA::conv

namespace fovea::FOVEA_ISA {

void conv2d(const Call& call) { conv::run_kernel(call, conv::Direction::forward); }
void conv2d_input_grad(const Call& call) { conv::run_kernel(call, conv::Direction::input_grad); }
void conv2d_weight_grad(const Call& call) { conv::run_kernel(call, conv::Direction::weight_grad); }

}  // namespace fovea::FOVEA_ISA
