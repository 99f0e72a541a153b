// `winograd-4x4` as a variant: which calls it serves, what they cost, how one is prepared.
#include <algorithm>
#include <memory>
#include <utility>

#include "kernels/conv/cost.h"
#include "kernels/conv/shared/packed_weights.h"
#include "kernels/conv/winograd/forward.h"

namespace fovea::FOVEA_ISA::conv::winograd {
namespace {

/** Weights of the models in cost.h's unit; fitted on Zen 5, 2026-11-26, and Zen 4, 2026-11-27. */
namespace forward_cost {
constexpr double kProduct = 0.94,
                 kTransform = 14;  // of a vector: a multiply-add; a point of a tile, in or out
constexpr double kWeight = 21;     // a vector of transformed weights
constexpr double kWeightFar = 17, kWeightBytes = 16e6;  // more, growing with the square of all weights' size
constexpr double kPhase = 54e3;
}  // namespace forward_cost
namespace weight_grad_cost {
constexpr double kProduct = 1.13, kInput = 10.5,
                 kOutput = 7;  // of a vector: a multiply-add, a point of x and of dy
constexpr double kWeight = 24, kJob = 36e3;
constexpr double kRowsInFlight = 4;  // fewer rows wait for each other's sums
constexpr double kFromMemory = 0.6;  // more, an element of dy
constexpr double kFarther = 0.07;    // more for each vector of outputs, two to eight
}  // namespace weight_grad_cost

/** The phases of a call, with the plan into which they point. */
struct Phases {
  Plan plan;
  std::vector<Phase> all;

  explicit Phases(Plan of_call) : plan(undilated(std::move(of_call))), all(phases_of(plan)) {}
  Phases(const Phases&) = delete;
};

bool supports(const ConvWork& w) { return w.s.groups == 1 && !Phases(w.plan).all.empty(); }

double cost(const ConvWork& w) {
  // Fewer tiles do not pay for transformed weights, nor fill the microkernel's rows.
  constexpr int kMinTiles = 12;
  const Phases phases(w.plan);
  const Phase& any = phases.all[0];
  if (w.s.n * any.tiles_y() * any.tiles_x() < kMinTiles) return never(w);
  const int read = read_channels(w), written = written_channels(w);
  double products = 0, windows = 0, outputs = 0, weights = 0;  // in vectors
  for (const Phase& phase : phases.all) {
    const double tiles = (double)w.s.n * phase.tiles_y() * phase.tiles_x(), points = phase.points();
    const double depth = (double)phase.depth() * vectors(written);
    products += tiles * depth * read;
    windows += tiles * phase.parts() * points * vectors(read);
    outputs += tiles * points * vectors(written);
    if (!phase.repeats || is_weight_grad(w)) weights += depth * read;
  }
  if (is_weight_grad(w)) {
    using namespace weight_grad_cost;
    const double wait = std::max(1.0, kRowsInFlight / read);
    // A few rows wait for dy, too: the more of it there is, the farther it comes from.
    const bool few = read < 8;
    const double farther = few ? 1 + kFarther * std::clamp(vectors(written) - 2, 0.0, 6.0) : 1;
    return kProduct * wait * farther * products + beside_products() * (kInput * windows + kOutput * outputs) +
           (few ? kFromMemory * beyond_caches(w) : 0) + kWeight * weights + kJob;
  }
  using namespace forward_cost;
  // Block by block they come from ever farther caches.
  const double bytes = sizeof(float) * kLanes * weights, farther = bytes / kWeightBytes;
  const double waits = written % kLine ? beyond_caches(w) : 0;  // other pixels have non-temporal stores
  return kProduct * products + beside_products() * kTransform * (windows + outputs) + waits +
         (kWeight + kWeightFar * farther * farther) * weights + kPhase * (double)phases.all.size();
}

void transform_and_convolve(const ConvCall& c, const Gather& g, const std::vector<Phase>& phases) {
  run_packed(
      c.kept, weights_size(g, phases), false,
      [&](float* to) { transform_weights(g, phases, weights_of(c), to); },
      [&](auto weights) { forward(g, phases, weights); });
}

/** A call forward or backward in the input; its phases point into its plan. */
struct Forward {
  const ConvCall& call;
  Gather g;
  std::vector<Phase> phases;

  explicit Forward(const ConvCall& c) : call(c), g(gather_of(c)) {
    g.plan = undilated(std::move(g.plan));
    phases = phases_of(g.plan);
  }
  Forward(const Forward&) = delete;

  void run() const {
    // Phases take turns, as they read the same parts of the image. Where their transformed kernels are more than the image,
    // one follows the other: its kernels stay in L1 or L2 (1.05 to 1.5 times, Zen 5).
    if (call.kept || sizeof(float) * weights_size(g, phases) <= g.read_bytes())
      return transform_and_convolve(call, g, phases);
    for (auto first = phases.begin(), end = first; first != phases.end(); first = end) {
      end = std::find_if(first + 1, phases.end(), [](const Phase& p) { return !p.repeats; });
      transform_and_convolve(call, g, {first, end});
    }
  }
};

std::function<void()> prepare(const ConvCall& c) {
  if (c.direction == Direction::weight_grad)
    return [&c, made = std::make_shared<const Phases>(plan_forward(c.shape))] {
      weight_grad(c.shape, made->plan, made->all, c.a, c.b, c.out);
    };
  return [made = std::make_shared<const Forward>(c)] { made->run(); };
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"winograd-4x4", supports, cost, prepare};

}  // namespace fovea::FOVEA_ISA::conv::winograd
