// `implicit-gemm` as a variant: it serves every call; what they cost, how one is prepared.
#include <algorithm>
#include <limits>

#include "kernels/conv/cost.h"
#include "kernels/conv/implicit_gemm/blocks.h"
#include "kernels/conv/implicit_gemm/forward.h"
#include "kernels/conv/implicit_gemm/weight_grad.h"
#include "kernels/conv/shared/packed_weights.h"
#include "kernels/gemm/gemm.h"

namespace fovea::FOVEA_ISA::conv::implicit_gemm {
namespace {

/** Weights of the models in cost.h's unit; fitted on Zen 5, 2026-11-26, and Zen 4, 2026-11-27. */
namespace forward_cost {
constexpr double kProduct = 1.1;  // a k-step of one vector of outputs
constexpr double kHalf = 0.46;    // less for a half panel, whose vectors hold two k-steps
constexpr double kWeight = 28;    // to pack a vector of weights
constexpr double kPhase = 7e3;
constexpr double kStore = 4;  // a vector of outputs
// More for an output pixel of one vector, which ends a long sum later, up to kMaxEnd; and of a half panel.
constexpr double kEndOfStep = 1.0 / 3, kMaxEnd = 6, kEndOfHalf = 10;
}  // namespace forward_cost
namespace weight_grad_model {
constexpr double kProduct = 0.85, kBroadcast = 0.54,
                 kSum = 20;                    // a multiply-add, an element of a row, a vector of sums
constexpr double kInput = 1.3, kOutput = 1.1;  // to copy a vector of x or of dy
constexpr double kRowsInFlight = 4, kRowsInFlightOfMany = 6,
                 kRowsInFlightOfOne = 8;  // fewer wait for each other's sums
}  // namespace weight_grad_model

bool supports(const ConvWork&) { return true; }

/**
 * Sums over positions of the products of `rows` elements and some vectors, whose panels share what is loaded of the rows;
 * with fewer rows than `min_rows` a sum waits for the one before. The shares of the positions are added up.
 */
double outer_products(double positions, int rows, double vectors, double min_rows) {
  using namespace weight_grad_model;
  const double products = std::max<double>(rows, vectors > 1 ? min_rows : kRowsInFlightOfOne) * vectors;
  return positions * (kProduct * products + kBroadcast * rows * panels(vectors)) + kSum * rows * vectors;
}

double cost(const ConvWork& w) {
  if (is_weight_grad(w)) return weight_grad_cost(w);
  using namespace forward_cost;
  const ConvShape& s = w.s;
  const Gather g = is_input_grad(w) ? gather_input_grad(s) : gather_forward(s);
  const int read = read_channels(w), written = written_channels(w);
  double cost = kStart, packed = kWeight * s.kh * s.kw * read, products = 0, ends = 0;  // of sums
  for_phases(w, [&](const AxisPhase& y, const AxisPhase& x, double positions, double) {
    const double across =
        columns_are_split(g, y, x) ? taps_in_bounds(x, read_width(w)) : (double)x.taps.size() * x.count;
    cost += kPhase;
    products += s.n * taps_in_bounds(y, read_height(w)) * across * read;
    ends += positions;
  });
  const double all = vectors(written), steps = products / std::max(ends, 1.0);
  const bool half = has_half_panel(read, written, steps);
  const double more = half ? kEndOfHalf : all == 1 ? std::min(kMaxEnd, steps * kEndOfStep) : 0;
  return cost + kProduct * products * (half ? all - kHalf : all) + (packed + kStore * ends) * all +
         more * ends;
}

/** Does each element of the output depend on one pixel, and are all pixels read? Then all pixels are one row. */
bool is_pixelwise(const ConvShape& s) {
  const bool single = s.kh == 1 && s.kw == 1 && s.stride_y == 1 && s.stride_x == 1 && s.up == 1;
  const bool all = s.pad_top == 0 && s.pad_left == 0 && s.oh == s.h && s.ow == s.w;
  return single && all && (int64_t)s.n * s.h * s.w <= std::numeric_limits<int>::max();
}

ConvShape in_one_row(ConvShape s) {
  s.w = s.ow = s.n * s.h * s.w;
  s.n = s.h = s.oh = 1;
  return s;
}

/** Such a convolution as a matrix product, which copies A. */
MatrixProduct product_of(const ConvCall& c) {
  const ConvShape& s = c.shape;
  const bool transposed = c.direction == Direction::input_grad;
  const int read = transposed ? s.co : s.ci, written = transposed ? s.ci : s.co;
  return {s.n * s.h * s.w,          written,          read,      {c.a, read, false},
          {c.b, s.co, !transposed}, {c.out, written}, c.epilogue};
}

void run_forward(const ConvCall& c, const Gather& g) {
  const size_t size = weights_size(g);
  const bool in_parts = sizeof(float) * size > 2 * cpu().l2;
  run_packed(
      c.kept, size, in_parts, [&](float* to) { pack_weights(g, weights_of(c), to); },
      [&](auto weights) { forward(g, weights); });
}

std::function<void()> prepare(const ConvCall& c) {
  const ConvShape& s = c.shape;
  if (c.direction == Direction::weight_grad) return [&c] { weight_grad(c.shape, c.a, c.b, c.out); };
  if (is_product(c.direction, s)) return [&c, product = product_of(c)] { gemm(product, c.kept); };
  return [&c, g = gather_of(c, is_pixelwise(s) ? in_one_row(s) : s)] { run_forward(c, g); };
}

}  // namespace

bool is_product(Direction direction, const ConvShape& s) {
  // Where pixels lie at multiples of 4 KiB they share sets of L1: of the rows of a tile hardly any stay there.
  const int read = direction == Direction::input_grad ? s.co : s.ci;
  return is_pixelwise(s) && s.groups == 1 && read * sizeof(float) % 4096 == 0;
}

double weight_grad_cost(const ConvWork& w) {
  using namespace weight_grad_model;
  const ConvShape& s = w.s;
  const int ci = read_channels(w), co = written_channels(w);
  const bool swapped = swaps_roles(s);
  double cost = kStart + kInput * s.n * s.h * s.w * ci / kLanes;  // x, copied where it is padded
  for_phases(w, [&](const AxisPhase&, const AxisPhase& x, double positions, double taps) {
    const int run = taps_in_a_run(x);
    if (swapped)
      cost += taps / run *
              outer_products(positions, co, vectors(run * ci),
                             co < 4 || run * ci > kPanel ? kRowsInFlightOfMany : kRowsInFlight);
    else
      cost += outer_products(positions, (int)taps * ci, vectors(co), kRowsInFlight) +
              kOutput * positions * vectors(co);
  });
  return cost;
}

extern const Variant kVariant;
const Variant kVariant = {"implicit-gemm", supports, cost, prepare};

}  // namespace fovea::FOVEA_ISA::conv::implicit_gemm
