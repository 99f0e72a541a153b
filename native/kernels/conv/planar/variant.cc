// `planar` as a variant: which calls it serves, what they cost, how one is prepared.
#include <algorithm>

#include "kernels/conv/cost.h"
#include "kernels/conv/planar/forward.h"
#include "kernels/conv/shared/packed_weights.h"
#include "kernels/conv/shared/planes.h"

namespace fovea::FOVEA_ISA::conv::planar {
namespace {

/** Weights of the model in cost.h's unit; fitted on Zen 5, 2026-11-26, and Zen 4, 2026-11-27. */
namespace forward_cost {
constexpr double kProduct = 1.07;    // a load times one output's weight
constexpr double kLoad = 1.4;        // a vector of pixels
constexpr double kLoadFromL2 = 1.4;  // more, where a window's rows exceed L1
constexpr double kToPlanes = 0.8;    // an element of x
constexpr double kToPixels = 0.95;   // an element of the output, by a transposition
constexpr double kShuffleOfFew = 0.35,
                 kShuffle = 0.65;    // the same by shuffles of two vectors, of up to 4 outputs and of more
constexpr double kFromMemory = 0.8;  // more, an element of the output
constexpr double kWeight = 40, kPhase = 43e3;  // to pack one; a job on the pool
}  // namespace forward_cost
namespace weight_grad_cost {
constexpr double kProduct = 1.45, kLoadFromL2 = 1.6, kToPlanes = 1.1;
constexpr double kOutputToPlanes = 0.7;  // an element of dy
constexpr double kWeight = 80, kJob = 45e3;
}  // namespace weight_grad_cost

bool supports(const ConvWork& w) { return w.s.groups == 1 && (!is_weight_grad(w) || w.s.up == 1); }

/** What is loaded, in vectors of pixels, and how much of it from L2, as the rows of a window exceed L1; and the elements that are
 * made planar. */
struct Loads {
  double all = 0, from_l2 = 0, made_planar = 0;

  explicit Loads(const ConvWork& w) {
    constexpr double kL1Bytes = 60e3;
    constexpr int kColumns = 48;  // of a block of wide pixels
    const AxisPhase x = all_together(w.plan.x);
    const int read = read_channels(w), beyond = (x.last() - x.first()) / x.in_step;
    const double pixel = (double)sizeof(float) * read * x.in_step, pitch = x.count + beyond;
    double taps = 0;
    for (const AxisPhase& phase : w.plan.x) taps += (double)phase.taps.size();
    for (const AxisPhase& y : w.plan.y) {
      const double rows = (double)w.s.n * y.count, span = y.last() - y.first() + 1;
      const double vectors = rows * pitch * (double)y.taps.size() * taps * read / kLanes;
      all += vectors;
      if (pixel * span * std::min<double>(pitch, kColumns + beyond) > kL1Bytes) from_l2 += vectors;
      if (vectors > 0)
        made_planar += rows * y.in_step * pitch * x.in_step * read * planar_factor(x.in_step * read);
    }
  }
};

double cost(const ConvWork& w) {
  const Loads loads(w);
  const int written = written_channels(w);
  const double weights = (double)w.s.kh * w.s.kw * w.s.ci * w.s.co;
  double positions = 0;
  for_phases(w, [&](const AxisPhase&, const AxisPhase&, double some, double) { positions += some; });
  const double outputs = positions * written;
  if (is_weight_grad(w)) {
    using namespace weight_grad_cost;
    return kProduct * loads.all * written + kLoadFromL2 * loads.from_l2 + kToPlanes * loads.made_planar +
           kOutputToPlanes * outputs * planar_factor(written) + kWeight * weights + kJob;
  }
  using namespace forward_cost;
  const bool shuffled = (int)w.plan.x.size() * written <= kShuffledChannels, few = written <= 4;
  return loads.all * (kProduct * written + kLoad) + kLoadFromL2 * loads.from_l2 +
         kToPlanes * loads.made_planar +
         (!shuffled ? kToPixels
          : few     ? kShuffleOfFew
                    : kShuffle) *
             outputs +
         kFromMemory * beyond_caches(w) + kWeight * weights + kPhase * (double)w.plan.y.size();
}

std::function<void()> prepare(const ConvCall& c) {
  if (c.direction == Direction::weight_grad) return [&c] { weight_grad(c.shape, c.a, c.b, c.out); };
  return [&c, g = gather_of(c)] {
    forward(g, packed_weights(c.kept, weights_size(g), [&](float* to) { pack(g, weights_of(c), to); }));
  };
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"planar", supports, cost, prepare};

}  // namespace fovea::FOVEA_ISA::conv::planar
