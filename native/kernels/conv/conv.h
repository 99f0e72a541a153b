// A convolution's call, and what an algorithm for it, a variant, has to offer. Each variant has a room of its own below this
// folder; table.cc lists them.
#pragma once

#include "kernels/conv/plan.h"
#include "program/call.h"

namespace fovea::FOVEA_ISA::conv {

enum class Direction : int { forward, input_grad, weight_grad };

struct ConvCall {
  Direction direction;
  ConvShape shape;
  const float *a, *b;  // forward: x, w; input_grad: dy, w; weight_grad: x, dy
  float* out;
  Epilogue epilogue;
  Cache* cache;  // for packed weights, or null
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
  void (*run)(const ConvCall&);
};

}  // namespace fovea::FOVEA_ISA::conv
