#include "kernels/conv/cost.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/conv/depthwise/forward.h"
#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/implicit_gemm/blocks.h"
#include "kernels/conv/implicit_gemm/forward.h"
#include "kernels/conv/implicit_gemm/weight_grad.h"
#include "kernels/conv/microkernel/tile.h"
#include "kernels/conv/shared/planes.h"
#include "kernels/conv/winograd_f3_2/weight_grad.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"
#include "runtime/cpu.h"

namespace fovea::FOVEA_ISA {
namespace {

/** To begin and end a job. */
constexpr double kStart = 26e3;

bool is_weight_grad(const ConvWork& w) { return w.direction == Direction::weight_grad; }
bool is_backward(const ConvWork& w) { return w.direction == Direction::input_grad; }

/** Channels of a group that are read and written; of a weight gradient those of x and dy. */
int read_channels(const ConvWork& w) { return (is_backward(w) ? w.s.co : w.s.ci) / w.s.groups; }
int written_channels(const ConvWork& w) { return (is_backward(w) ? w.s.ci : w.s.co) / w.s.groups; }

int read_height(const ConvWork& w) { return is_backward(w) ? w.s.oh : w.s.h; }
int read_width(const ConvWork& w) { return is_backward(w) ? w.s.ow : w.s.w; }

double vectors(int channels) { return ceil_div(channels, kLanes); }

/** What transforms and loads cost beside products, which take twice as long where AVX-512 works in halves. */
double beside_products() { return is_double_pumped() ? 0.7 : 1; }

/** Of two vectors or, if that leaves a last one, three. */
double panels(double vectors) { return std::max(1.0, std::floor(vectors / kMaxVectors)); }

/** Numbers that are written, or of dy, if they are more than caches hold. */
double beyond_caches(const ConvWork& w) {
  constexpr double kHeld = 16e6;  // bytes
  const ConvShape& s = w.s;
  const double numbers = is_backward(w) ? (double)s.n * s.h * s.w * s.ci : (double)s.n * s.oh * s.ow * s.co;
  return numbers * sizeof(float) < kHeld ? 0 : numbers;
}

/** step(phase along y, phase along x, its places in all images, its taps) */
template <class Step>
void for_phases(const ConvWork& w, Step step) {
  for (const AxisPhase& y : w.plan.y)
    for (const AxisPhase& x : w.plan.x)
      step(y, x, (double)w.s.n * y.count * x.count, (double)(y.taps.size() * x.taps.size()));
}

/** Taps of a row that, with all their channels, are neighbours in memory. */
int taps_together(const AxisPhase& x) { return x.is_joined() ? (int)x.taps.size() : 1; }

/** What a number costs that is turned from pixels with so many channels into planes, compared with those of few. */
double turning(int channels) { return channels <= kShuffledChannels ? 1 : 1.5; }

/** What `planar` loads, in vectors of pixels, and how much of it from the second-level cache, as the rows of a window
 * exceed the first; and the numbers that it turns into planes. */
struct PlanarWork {
  double loads = 0, far = 0, turned = 0;

  PlanarWork(const ConvWork& w) {
    constexpr double kNear = 60e3;  // bytes
    constexpr int kColumns = 48;    // of a block of wide pixels
    const AxisPhase x = all_together(w.plan.x);
    const int read = read_channels(w), beyond = (x.last() - x.first()) / x.in_step;
    const double pixel = (double)sizeof(float) * read * x.in_step, pitch = x.count + beyond;
    double taps = 0;
    for (const AxisPhase& phase : w.plan.x) taps += (double)phase.taps.size();
    for (const AxisPhase& y : w.plan.y) {
      const double rows = (double)w.s.n * y.count, span = y.last() - y.first() + 1;
      const double vectors = rows * pitch * (double)y.taps.size() * taps * read / kLanes;
      loads += vectors;
      if (pixel * span * std::min<double>(pitch, kColumns + beyond) > kNear) far += vectors;
      if (vectors > 0) turned += rows * y.in_step * pitch * x.in_step * read * turning(x.in_step * read);
    }
  }
};

/**
 * Sums over places of the products of `rows` numbers and some vectors, whose panels share what is loaded of the rows;
 * with fewer rows than `least` a sum waits for the one before. The shares of the places are added up.
 */
double outer_products(double places, int rows, double vectors, double least) {
  const double products = std::max<double>(rows, vectors > 1 ? least : 8) * vectors;
  return places * (0.85 * products + 0.54 * rows * panels(vectors)) + 20 * rows * vectors;
}

double weight_grad_gemm_cost(const ConvWork& w) {
  const ConvShape& s = w.s;
  const int ci = read_channels(w), co = written_channels(w);
  const bool turned = weight_grad_is_turned(s);
  double cost = kStart + 1.3 * s.n * s.h * s.w * ci / kLanes;  // x, copied where it is padded
  for_phases(w, [&](const AxisPhase&, const AxisPhase& x, double places, double taps) {
    const int together = taps_together(x);
    if (turned)
      cost += taps / together *
              outer_products(places, co, vectors(together * ci), co < 4 || together * ci > kPanel ? 6 : 4);
    else
      cost += outer_products(places, (int)taps * ci, vectors(co), 4) + 1.1 * places * vectors(co);
  });
  return cost;
}

}  // namespace

ConvWork::ConvWork(Direction direction, const ConvShape& s)
    : direction(direction), s(s), plan(is_backward(*this) ? plan_input_grad(s) : plan_forward(s)) {
  if (s.groups > 1) return;
  const bool is_dilated = s.dilation_y > 1 || s.dilation_x > 1;
  if (is_dilated) undilated = FOVEA_ISA::undilated(plan);
  winograd = winograd::phases_of(is_dilated ? undilated : plan);
}

bool always(const ConvWork&) { return true; }

bool has_few_outputs(const ConvWork& w) {
  const ConvShape& s = w.s;
  if (is_weight_grad(w) && (s.stride_y != 1 || s.stride_x != 1 || s.up != 1)) return false;
  return s.groups == 1 && written_channels(w) <= kFewOutputs;
}

bool fits_planar(const ConvWork& w) { return w.s.groups == 1 && (!is_weight_grad(w) || w.s.up == 1); }

bool fits_winograd(const ConvWork& w) { return !w.winograd.empty(); }

bool fits_squares(const ConvWork& w) { return is_weight_grad(w) && squares_weight_grad_fits(w.s); }

bool fits_depthwise(const ConvWork& w) { return is_depthwise(w.s); }

double few_outputs_cost(const ConvWork& w) {
  if (is_weight_grad(w)) {
    const ConvShape turned = few_outputs_turned(w.s);
    const ConvWork inner(w.direction, turned);
    return few_outputs_takes_squares(turned) ? squares_cost(inner) : weight_grad_gemm_cost(inner);
  }
  const int read = read_channels(w), written = written_channels(w);
  double cost = 21e3;
  for_phases(w, [&](const AxisPhase& y, const AxisPhase& x, double places, double taps) {
    const double sums_across = places * written;
    if (few_outputs_share(x, read, written)) {
      cost += 1.2 * places * taps * vectors(read) * written + 5.1 * sums_across;
      return;
    }
    const int together = taps_together(x);
    const double loads = places * taps / together * vectors(together * read);
    const bool has_edges = taps_met(x, read_width(w)) < (double)x.taps.size() * x.count;
    cost += loads * (1.06 * written + 2.5) + 5.1 * sums_across + (has_edges ? 860.0 * w.s.n * y.count : 0);
  });
  return cost;
}

double planar_cost(const ConvWork& w) {
  const ConvShape& s = w.s;
  const PlanarWork work(w);
  const int written = written_channels(w);
  const double weights = (double)s.kh * s.kw * s.ci * s.co;
  double places = 0;
  for_phases(w, [&](const AxisPhase&, const AxisPhase&, double some, double) { places += some; });
  const double outputs = places * written;
  if (is_weight_grad(w))
    return 1.45 * work.loads * written + 1.6 * work.far + 1.1 * work.turned +
           0.7 * outputs * turning(written) + 80 * weights + 45e3;
  const bool shuffled = (int)w.plan.x.size() * written <= kShuffledChannels, few = written <= 4;
  return work.loads * (1.07 * written + 1.4) + 1.4 * work.far + 0.8 * work.turned +
         (!shuffled ? 0.95
          : few     ? 0.35
                    : 0.65) *
             outputs +
         0.8 * beyond_caches(w) + 40 * weights + 43e3 * (double)w.plan.y.size();
}

double winograd_cost(const ConvWork& w) {
  constexpr int kFewestTiles =
      12;  // fewer do not pay for transformed weights, nor fill the multiplier's rows
  const winograd::Phase& any = w.winograd[0];
  if (w.s.n * any.tiles_y() * any.tiles_x() < kFewestTiles) return never(w);
  const int read = read_channels(w), written = written_channels(w);
  double products = 0, windows = 0, outputs = 0, weights = 0;  // in vectors
  for (const winograd::Phase& phase : w.winograd) {
    const double tiles = (double)w.s.n * phase.tiles_y() * phase.tiles_x(), points = phase.points();
    const double depth = (double)phase.depth() * vectors(written);
    products += tiles * depth * read;
    windows += tiles * phase.parts() * points * vectors(read);
    outputs += tiles * points * vectors(written);
    if (!phase.repeats || is_weight_grad(w)) weights += depth * read;
  }
  if (is_weight_grad(w)) {
    const double wait = std::max(1.0, 4.0 / read);  // as in outer_products()
    // A few rows wait for dy, too: the more of it there is, the farther it comes from.
    const bool few = read < 8;
    const double farther = few ? 1 + 0.07 * std::clamp(vectors(written) - 2, 0.0, 6.0) : 1;
    return 1.13 * wait * farther * products + beside_products() * (10.5 * windows + 7 * outputs) +
           (few ? 0.6 * beyond_caches(w) : 0) + 24 * weights + 36e3;
  }
  // Block by block they come from ever farther caches.
  const double bytes = sizeof(float) * kLanes * weights, farther = bytes / 16e6;
  const double waits = written % kLine ? beyond_caches(w) : 0;  // other pixels are streamed
  return 0.94 * products + beside_products() * 14 * (windows + outputs) + waits +
         (21 + 17 * farther * farther) * weights + 54e3 * w.winograd.size();
}

double squares_cost(const ConvWork& w) {
  constexpr double kSquare = 17.5 * kSquaresPasses;  // with an input channel and a vector of output channels
  const ConvShape& s = w.s;
  const int columns = ceil_div(s.ow, s.dilation_x);
  const double phases = (double)s.dilation_y * s.dilation_x,
               strips = s.n * phases * ceil_div(s.oh, 2 * s.dilation_y), all = s.ci * vectors(s.co);
  const double transforms =
      140.0 * s.ci * turning(2 * s.dilation_x * s.ci) * ceil_div(ceil_div(columns, 2) + 1, kLanes);
  return kStart + strips * (kSquare * ceil_div(columns, 2) * all + transforms) + 1100 * all;
}

double implicit_gemm_cost(const ConvWork& w) {
  if (is_weight_grad(w)) return weight_grad_gemm_cost(w);
  const ConvShape& s = w.s;
  const Gather g = is_backward(w) ? gather_input_grad(s) : gather_forward(s);
  const int read = read_channels(w), written = written_channels(w);
  double cost = kStart, packed = 28.0 * s.kh * s.kw * read, products = 0, ends = 0;  // of sums
  for_phases(w, [&](const AxisPhase& y, const AxisPhase& x, double places, double) {
    const double across =
        columns_are_cut(g, y, x) ? taps_met(x, read_width(w)) : (double)x.taps.size() * x.count;
    cost += 7e3;
    products += s.n * taps_met(y, read_height(w)) * across * read;
    ends += places;
  });
  const double all = vectors(written), steps = products / std::max(ends, 1.0);
  const bool half = has_half(read, written, steps);
  // A vector by itself takes longer at the end of a sum that has many steps, so does half a one.
  const double more = half ? 10 : all == 1 ? std::min(6.0, steps / 3) : 0;
  return cost + 1.1 * products * (half ? all - 0.46 : all) + (packed + 4 * ends) * all + more * ends;
}

double depthwise_cost(const ConvWork& w) { return w.s.groups > 1 ? 0 : never(w); }

double never(const ConvWork&) { return std::numeric_limits<double>::infinity(); }

}  // namespace fovea::FOVEA_ISA
