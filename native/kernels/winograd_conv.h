// `winograd-4x4`: the convolution trio for 3x3 kernels with stride 1, by the transforms of winograd.h.
#pragma once

#include "winograd_tiles.h"

namespace fovea::FOVEA_ISA::winograd {

/** 3x3, stride 1, no dilation, groups or upsampling. */
bool supports(const ConvShape& s);

Plane forward_plane(const ConvShape& s);
/** dx = sum_p dy[i + p - (2 - pad)] * w[2 - p]: the same convolution with the kernel turned round and its
 * channels exchanged. */
Plane input_grad_plane(const ConvShape& s);

size_t weights_size(const Plane& plane);  // floats
/** The 36 matrices [in_c, out_c] in panels as conv_micro.h reads them. `turned`: for the input's gradient. */
void transform_weights(const Plane& plane, const float* w, bool turned, float* to);

void convolve(const Plane& plane, const float* in, const float* weights, float* out,
              const Epilogue* epilogue);
void weight_grad(const ConvShape& s, const float* x, const float* dy, float* dw);

}  // namespace fovea::FOVEA_ISA::winograd
