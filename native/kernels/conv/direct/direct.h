// `direct`: convolutions as the definition says, one output pixel (or kernel element) at a time, in vectors
// of channels. It serves every shape, needs no memory of its own and is never the choice: it is what the others
// are compared with.
#pragma once

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv::direct {

void forward(const ConvShape& s, const float* x, const float* w, float* y, const Epilogue& e);
void input_grad(const ConvShape& s, const float* dy, const float* w, float* dx, const Epilogue& e);
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::conv::direct
