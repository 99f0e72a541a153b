// What the softmax kernels share.
#include "include/fold.wgsl"
#include "include/rows.wgsl"

override LOG = false;

struct Params {
  rows: u32,
  columns: u32,
  lowest: f32, // minus infinity
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> y: array<f32>;
