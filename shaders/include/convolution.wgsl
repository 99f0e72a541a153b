// The geometry of a convolution, for conv2d and its two adjoints.
#include "include/gemm.wgsl"
#include "include/divide.wgsl"

override UPSAMPLE = 1; // x is seen repeated so many times in y and x

struct Params {
  gemm: Gemm,
  images: u32,
  height: u32,
  width: u32,
  ci: u32,
  oh: u32,
  ow: u32,
  co: u32,
  kh: u32,
  kw: u32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
  dilationY: i32,
  dilationX: i32,
  ciGroup: u32, // channels of a group
  coGroup: u32,
  phasesY: u32, // conv2dInputGrad: the pixels of dx whose taps agree, see there
  phasesX: u32,
  periodY: u32,
  periodX: u32,
}
@group(0) @binding(0) var<uniform> p: Params;

/** The index in x of a pixel's channel 0, or -1 outside; (row, column) is in x as it is seen, upsampled. */
fn pixelOfX(image: u32, row: i32, column: i32) -> i32 {
  let isInside = row >= 0 && column >= 0 && row < i32(p.height) * UPSAMPLE && column < i32(p.width) * UPSAMPLE;
  let at = (i32(image * p.height) + row / UPSAMPLE) * i32(p.width) + column / UPSAMPLE;
  return select(-1, at * i32(p.ci), isInside);
}
