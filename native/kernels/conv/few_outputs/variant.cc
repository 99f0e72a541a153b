// `few-output-channels` as a variant: which calls it serves, what they cost, how one is prepared.
#include "kernels/conv/cost.h"
#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/implicit_gemm/weight_grad.h"
#include "kernels/conv/shared/packed_weights.h"
#include "kernels/conv/winograd_f3_2/weight_grad.h"

namespace fovea::FOVEA_ISA::conv::few_outputs {
namespace {

// Weights of the model in cost.h's unit; fitted on Zen 5, 2026-11-26, and Zen 4, 2026-11-27.
constexpr double kJob = 21e3;
constexpr double kProduct = 1.06, kSharedProduct = 1.2;  // of a vector of channels with one output's weights
constexpr double kLoad = 2.5;                            // of that vector, where it serves one pixel
constexpr double kSumAcross = 5.1;                       // of a vector's lanes
constexpr double kBorderRow = 860;                       // to copy the window of a row's ends

bool supports(const ConvWork& w) {
  const ConvShape& s = w.s;
  if (is_weight_grad(w) && (s.stride_y != 1 || s.stride_x != 1 || s.up != 1)) return false;
  return s.groups == 1 && written_channels(w) <= kFewOutputs;
}

double cost(const ConvWork& w) {
  if (is_weight_grad(w)) {
    const ConvShape swapped = roles_swapped(w.s);
    const ConvWork inner(w.direction, swapped);
    return takes_f3_2(swapped) ? winograd_f3_2::weight_grad_cost(inner)
                               : implicit_gemm::weight_grad_cost(inner);
  }
  const int read = read_channels(w), written = written_channels(w);
  double cost = kJob;
  for_phases(w, [&](const AxisPhase& y, const AxisPhase& x, double positions, double taps) {
    const double sums_across = positions * written;
    if (shares_pixels(x, read, written)) {
      cost += kSharedProduct * positions * taps * vectors(read) * written + kSumAcross * sums_across;
      return;
    }
    const int run = taps_in_a_run(x);
    const double loads = positions * taps / run * vectors(run * read);
    const bool has_border = taps_in_bounds(x, read_width(w)) < (double)x.taps.size() * x.count;
    cost += loads * (kProduct * written + kLoad) + kSumAcross * sums_across +
            (has_border ? kBorderRow * w.s.n * y.count : 0);
  });
  return cost;
}

std::function<void()> prepare(const ConvCall& c) {
  if (c.direction == Direction::weight_grad) return [&c] { weight_grad(c.shape, c.a, c.b, c.out); };
  return [&c, g = gather_of(c)] {
    forward(g, packed_weights(c.kept, weights_size(g), [&](float* to) { pack(g, weights_of(c), to); }));
  };
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"few-output-channels", supports, cost, prepare};

}  // namespace fovea::FOVEA_ISA::conv::few_outputs
