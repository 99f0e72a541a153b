// A convolution's call, and what an algorithm for it, a variant, has to offer. Each variant has a room of its own below this
// folder; table.cc lists them.
#pragma once

#include <functional>

#include "kernels/conv/plan.h"
#include "program/call.h"
#include "program/step.h"

namespace fovea::FOVEA_ISA::conv {

enum class Direction : int { forward, input_grad, weight_grad };

struct ConvCall {
  Direction direction;
  ConvShape shape;
  const float *a, *b;  // forward: x, w; input_grad: dy, w; weight_grad: x, dy
  float* out;
  Epilogue epilogue;
  KeptWeights* kept;  // of weights that do not change; null: they are packed at every run
};

/** A call's shape with its plan: all that the choice of a variant may look at. */
struct ConvWork {
  Direction direction;
  const ConvShape& s;
  Plan plan;

  ConvWork(Direction direction, const ConvShape& s)
      : direction(direction),
        s(s),
        plan(direction == Direction::input_grad ? plan_input_grad(s) : plan_forward(s)) {}
  ConvWork(const ConvWork&) = delete;  // others point into the plan
};

struct Variant {
  const char* name;
  bool (*supports)(const ConvWork&);
  double (*cost)(const ConvWork&);  // see cost.h; only for what it supports
  /** The function that makes the call's result, as often as it is called; the call outlives it. What follows from the shape is worked
   * out here. */
  std::function<void()> (*prepare)(const ConvCall& call);
};

}  // namespace fovea::FOVEA_ISA::conv
