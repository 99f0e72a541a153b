// The kernels in the order of the catalogue (src/backend/kernels.ts); a kernel's place in this list is its
// number in the addon.
#pragma once

// clang-format off
#define FOVEA_KERNELS(X) \
  X(matmul) X(conv2d) X(conv2d_input_grad) X(conv2d_weight_grad) \
  X(pool2d) X(pool2d_grad) X(resize2d) X(resize2d_grad) X(depth_to_space) X(space_to_depth) \
  X(unary) X(unary_grad) X(binary) X(select) X(elementwise) \
  X(reduce) X(softmax) X(normalize) X(normalize_grad) \
  X(copy) X(gather) X(gather_grad) X(fill) X(random) X(sgd_step) X(adam_step)
// clang-format on
