// The implementations of the convolution trio, by name, and which one a shape gets.
// src/backend/native/conv-variants.ts lists the same names in the same order; a call's number `variant` is a
// place in this list, or -1 for the table's own choice.
#pragma once

#include "program/call.h"

namespace fovea::FOVEA_ISA {

enum class Direction : int { forward, input_grad, weight_grad };

struct ConvCall {
  Direction direction;
  ConvShape shape;
  const float *a, *b;  // forward: x, w; input_grad: dy, w; weight_grad: x, dy
  float* out;
  Epilogue epilogue;
  Cache* cache;  // for packed weights, or null
};

struct ConvWork;  // conv_cost.h

struct ConvVariant {
  const char* name;
  bool (*supports)(const ConvWork&);
  double (*cost)(const ConvWork&);  // of a shape that it supports; the cheapest variant gets the call
  void (*run)(const ConvCall&);
};

constexpr int kConvVariants = 7;
extern const ConvVariant kConvTable[kConvVariants];

/** Runs the variant with that number, or for -1 the cheapest. Throws where it does not support the
 * shape. */
void run_conv(const ConvCall& call, int variant);

/** The number of the variant that serves a call: the named one, or the cheapest; -1 if that one cannot.
 */
int conv_variant(const Call& call, Direction direction);

void conv2d(const Call& call);
void conv2d_input_grad(const Call& call);
void conv2d_weight_grad(const Call& call);

}  // namespace fovea::FOVEA_ISA
