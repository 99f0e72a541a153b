#include "kernels/conv/table.h"

#include <algorithm>
#include <iterator>

#include "kernels/conv/implicit_gemm/forward.h"
#include "kernels/elements/epilogue.h"
#include "program/numbers.h"
#include "runtime/fail.h"
#include "runtime/lock.h"

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

/** What the numbers say beside the call itself. */
struct Options {
  int flags, variant;
};

/** Reads the numbers that src/backend/cpp/encode-products.ts writes for the trio. */
ConvCall read_call(const Call& call, Direction direction, Options& options) {
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
  options = {end.flags, end.variant};
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

/** The same, remembered for the shapes that this thread met last: to find it takes as long as a small convolution, which matters to
 * calls that are made one by one. */
int choose(Direction direction, const ConvShape& shape, int variant) {
  struct Choice {
    Direction direction;
    ConvShape shape;
    int variant, chosen;
    bool is_made = false;
  };
  constexpr unsigned kRemembered = 64;
  FOVEA_THREAD_LOCAL Choice choices[kRemembered];
  unsigned place = (unsigned)direction * 31 + (unsigned)variant;
  for (int number : {shape.n, shape.h, shape.w, shape.ci, shape.co, shape.kh, shape.stride_x})
    place = place * 31 + (unsigned)number;
  Choice& choice = choices[place % kRemembered];
  const bool same = choice.direction == direction && choice.variant == variant && choice.shape == shape;
  if (!choice.is_made || !same) choice = {direction, shape, variant, find(direction, shape, variant), true};
  return choice.chosen;
}

/** What a call writes that has no images: nothing, or sums of nothing. */
void run_without_images(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad)
    std::fill_n(c.out, (size_t)s.kh * s.kw * (s.ci / s.groups) * s.co, 0.0f);
}

class ConvStep : public Step {
 public:
  /** `keeps`: the weights do not change. */
  ConvStep(const ConvCall& call, int variant, bool keeps) : call_(call) {
    call_.kept = keeps ? &kept_ : nullptr;
    if (call_.shape.n == 0)
      run_ = [this] { run_without_images(call_); };
    else
      run_ = kVariants[chosen(variant)]->prepare(call_);
  }
  void run() override { run_(); }
  void forget() override { kept_.forget(); }

 private:
  int chosen(int variant) const {
    const int chosen = choose(call_.direction, call_.shape, variant);
    if (chosen < 0)
      fail(Message() << "conv2d: the variant number " << variant << " does not serve this shape");
    return chosen;
  }

  ConvCall call_;
  KeptWeights kept_;
  std::function<void()> run_;
};

}  // namespace

std::unique_ptr<Step> prepare(const Call& call, Direction direction) {
  Options options;
  const ConvCall c = read_call(call, direction, options);
  return std::make_unique<ConvStep>(c, options.variant, options.flags & kFrozenWeights);
}

std::unique_ptr<Step> prepare(const ConvCall& call) { return std::make_unique<ConvStep>(call, -1, false); }

std::vector<int> overwritable(const Call& call, Direction direction) {
  Options options;
  const ConvCall c = read_call(call, direction, options);
  // Residual and saved values are read just before a result is stored, unless it is stored twice: an epilogue with an exponential goes
  // over what was stored, and so does gemm()'s.
  if (!in_registers(c.epilogue) || implicit_gemm::is_product(direction, c.shape)) return {};
  std::vector<int> operands;
  int next = options.flags & kHasBias ? 3 : 2;
  for (int flag : {kHasResidual, kHasSaved})
    if (options.flags & flag) operands.push_back(next++);
  return operands;
}

const char* variant_name(int index) {
  return index < (int)std::size(kVariants) ? kVariants[index]->name : nullptr;
}

int variant_of(const Call& call, Direction direction) {
  Options options;
  const ConvShape shape = read_call(call, direction, options).shape;
  return choose(direction, shape, options.variant);
}

}  // namespace fovea::FOVEA_ISA::conv

namespace fovea::FOVEA_ISA {

void conv2d(const Call& call) { conv::prepare(call, conv::Direction::forward)->run(); }
void conv2d_input_grad(const Call& call) { conv::prepare(call, conv::Direction::input_grad)->run(); }
void conv2d_weight_grad(const Call& call) { conv::prepare(call, conv::Direction::weight_grad)->run(); }

}  // namespace fovea::FOVEA_ISA
