// The names of the convolution trio's implementations, in the order of native/kernels/conv/table.cc: a call's number `variant` is
// a place in this list. Which shapes each serves, and which one a shape gets by default, that file says.

export const convVariants = [
  "few-output-channels",
  "planar",
  "winograd-4x4",
  "winograd-squares",
  "depthwise",
  "implicit-gemm",
  "direct",
] as const;

export type ConvVariantName = (typeof convVariants)[number];
