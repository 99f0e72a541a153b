// What pool2d and its adjoint share: the geometry, and the first maximum of a window.
#include "include/fold.wgsl"
#include "include/math.wgsl"

override MAX = true; // false: average

struct Params {
  size: u32,
  height: i32,
  width: i32,
  channels: i32,
  oh: i32,
  ow: i32,
  windowY: i32,
  windowX: i32,
  strideY: i32,
  strideX: i32,
  top: i32,
  left: i32,
}
@group(0) @binding(0) var<uniform> p: Params;

/** The rows or columns [first, end) of a window that lie inside x. */
fn inside(output: i32, stride: i32, padding: i32, window: i32, length: i32) -> vec2i {
  let first = output * stride - padding;
  return vec2i(max(first, 0), min(first + window, length));
}
