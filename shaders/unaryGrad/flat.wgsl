// dx = dy f'(saved), one element a thread.
#include "include/fold.wgsl"
#include "include/functions.wgsl"

override FUNCTION: u32;

struct Params {
  size: u32,
  alpha: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> saved: array<f32>;
@group(1) @binding(1) var<storage, read> dy: array<f32>;
@group(1) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  dx[i] = dy[i] * unaryDerivative(FUNCTION, saved[i], p.alpha);
}
