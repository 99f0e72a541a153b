// A strided copy: transpose, slice, pad, concatenate and broadcast, also depthToSpace and its inverse. One element a
// thread, which takes its index apart along the axes of `shape`. Bits are copied, not numbers.
#include "include/fold.wgsl"

struct Params {
  size: u32,
  rank: u32,
  inputOffset: i32,
  outputOffset: i32,
  shape: array<vec4u, 2>, // innermost axis first
  inputStrides: array<vec4i, 2>,
  outputStrides: array<vec4i, 2>,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> x: array<u32>;
@group(1) @binding(1) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  var rest = i;
  var origin = p.inputOffset;
  var place = p.outputOffset;
  for (var axis = 0u; axis < p.rank; axis++) {
    let n = p.shape[axis / 4u][axis % 4u];
    let index = i32(rest % n);
    rest = rest / n;
    origin += index * p.inputStrides[axis / 4u][axis % 4u];
    place += index * p.outputStrides[axis / 4u][axis % 4u];
  }
  y[place] = x[origin];
}
