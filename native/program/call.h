// What a kernel gets: operand addresses (inputs, then outputs) and a flat list of numbers that encode shapes and attributes.
// src/backend/cpp/encode-products.ts and encode-elements.ts write the numbers; each kernel's file reads them, next to its code.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea {

struct Call {
  float* const* operands;
  const double* numbers;
  int operand_count;
  int number_count;  // at least as many as the kernel reads
};

/** Bits of the number `flags` of the product kernels. */
enum ProductFlags : int { kHasBias = 1, kHasResidual = 2, kHasSaved = 4, kFrozenWeights = 8 };

using Kernel = void (*)(const Call&);

/** Optional parts of a product's epilogue: y = activation(acc + bias + residual) * activation'(saved). */
enum class Activation : int { linear = 0, relu = 1, leaky_relu = 2, sigmoid = 3, tanh = 4 };

struct Epilogue {
  const float* bias = nullptr;      // one per output channel
  const float* residual = nullptr;  // like the output
  const float* saved = nullptr;     // like the output: an activation's output, whose derivative multiplies
  Activation activation = Activation::linear;
  Activation gradient_of = Activation::linear;
  float alpha = 0.2f;  // leakyRelu's slope

  bool is_empty() const { return !bias && !residual && !saved && activation == Activation::linear; }
};

/** Geometry of the convolution trio; names as in src/backend/kernels.ts. x is n,h,w,ci before upsampling by
 * `up`. */
struct ConvShape {
  int n, h, w, ci, oh, ow, co, kh, kw;
  int stride_y, stride_x, pad_top, pad_left, dilation_y, dilation_x, groups, up;
  bool operator==(const ConvShape&) const = default;
};

}  // namespace fovea
