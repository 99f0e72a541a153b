// Which variants of conv_table.h serve a shape, and what each of them costs: an estimate of its time, of which the
// least is chosen. Costs count what a variant does, in multiply-adds of vectors at the processor's peak; what one of
// each thing costs was fitted to times of random shapes (bench/random-shapes.mjs) on Zen 5, with AVX-512 and AVX2,
// and on Zen 4.
// They do not depend on the number of threads, as the choice decides the last bits of a result.
#pragma once

#include "kernels/conv/table.h"
#include "kernels/conv/winograd/plan.h"

namespace fovea::FOVEA_ISA {

/** A shape, with the plan in whose phases all variants work. */
struct ConvWork {
  Direction direction;
  const ConvShape& s;
  Plan plan, undilated;                   // the second for dilated kernels only
  std::vector<winograd::Phase> winograd;  // none where Winograd's method does not serve the shape

  ConvWork(Direction direction, const ConvShape& s);
  ConvWork(const ConvWork&) = delete;  // winograd points into the plans
};

bool always(const ConvWork& w);
bool has_few_outputs(const ConvWork& w);  // one to four channels on the side that is written
bool fits_planar(const ConvWork& w);
bool fits_winograd(const ConvWork& w);
bool fits_squares(const ConvWork& w);
bool fits_depthwise(const ConvWork& w);

// For shapes that the variant serves.
double few_outputs_cost(const ConvWork& w);
double planar_cost(const ConvWork& w);
double winograd_cost(const ConvWork& w);
double squares_cost(const ConvWork& w);
double implicit_gemm_cost(const ConvWork& w);
double depthwise_cost(const ConvWork& w);  // nothing, as it is chosen wherever channels stay apart
double never(const ConvWork& w);           // of what is chosen only by name

}  // namespace fovea::FOVEA_ISA
