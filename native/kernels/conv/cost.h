// What cost models of variants share. A cost estimates the time of a call; the cheapest variant gets it. Its unit is a
// multiply-add of two vectors at the processor's peak, so that a model counts what its algorithm does and weighs it. The weights
// were fitted to the times of random shapes (bench/random-shapes.mjs), on Zen 5 with AVX-512 and AVX2 on 2026-11-26, and on
// Zen 4 on 2026-11-27; each variant.cc names its own.
// A cost must not depend on the number of threads: the choice of a variant decides the last bits of a result.
#pragma once

#include <limits>

#include "kernels/conv/conv.h"
#include "kernels/conv/microkernel/tile.h"
#include "kernels/simd/double_pumped.h"
#include "kernels/simd/integers.h"

namespace fovea::FOVEA_ISA::conv {

/** To begin and end a job of implicit GEMM or Winograd on the pool. */
constexpr double kStart = 26e3;

inline bool is_forward(const ConvWork& w) { return w.direction == Direction::forward; }
inline bool is_input_grad(const ConvWork& w) { return w.direction == Direction::input_grad; }
inline bool is_weight_grad(const ConvWork& w) { return w.direction == Direction::weight_grad; }

/** Of what is chosen only by name. */
inline double never(const ConvWork&) { return std::numeric_limits<double>::infinity(); }

/** Channels of a group that are read and written; of a weight gradient those of x and dy. */
inline int read_channels(const ConvWork& w) { return (is_input_grad(w) ? w.s.co : w.s.ci) / w.s.groups; }
inline int written_channels(const ConvWork& w) { return (is_input_grad(w) ? w.s.ci : w.s.co) / w.s.groups; }

inline int read_height(const ConvWork& w) { return is_input_grad(w) ? w.s.oh : w.s.h; }
inline int read_width(const ConvWork& w) { return is_input_grad(w) ? w.s.ow : w.s.w; }

inline double vectors(int channels) { return ceil_div(channels, kLanes); }

/** Panels of so many vectors: two each, or three where one would be left. */
inline double panels(double vectors) {
  const double pairs = (double)(int)(vectors / kMaxVectors);
  return pairs > 1 ? pairs : 1;
}

/** The weight of loads and transforms against multiply-adds, which take twice as long where AVX-512 is double-pumped. */
inline double beside_products() { return is_double_pumped() ? 0.7 : 1; }

/** Elements written (of a weight gradient: of dy), or 0 if caches hold them. */
double beyond_caches(const ConvWork& w);

/** To make a plane's element from a pixel of so many channels, in units of what one of few channels costs: see planes.h. */
double planar_factor(int channels);

/** step(phase along y, phase along x, its output pixels in all images, its taps) */
template <class Step>
void for_phases(const ConvWork& w, Step step) {
  for (const AxisPhase& y : w.plan.y)
    for (const AxisPhase& x : w.plan.x)
      step(y, x, (double)w.s.n * y.count * x.count, (double)(y.taps.size() * x.taps.size()));
}

/** Taps of a row that, with all their channels, are neighbours in memory. */
inline int taps_in_a_run(const AxisPhase& x) { return x.is_joined() ? (int)x.taps.size() : 1; }

}  // namespace fovea::FOVEA_ISA::conv
