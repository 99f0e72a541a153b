// v = momentum v + g'; p -= learningRate (nesterov ? g' + momentum v : v), in place, one parameter tensor a dispatch.
#include "include/fold.wgsl"

override NESTEROV = false;

struct Params {
  size: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> hyper: array<f32>; // learningRate, momentum, weightDecay, gradientScale
@group(1) @binding(1) var<storage, read> gradients: array<f32>;
@group(1) @binding(2) var<storage, read_write> parameters: array<f32>;
@group(1) @binding(3) var<storage, read_write> velocities: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let gradient = hyper[3] * gradients[i] + hyper[2] * parameters[i];
  let velocity = hyper[1] * velocities[i] + gradient;
  velocities[i] = velocity;
  var step = velocity;
  if (NESTEROV) {
    step = gradient + hyper[1] * velocity;
  }
  parameters[i] -= hyper[0] * step;
}
