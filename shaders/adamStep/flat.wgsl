// Adam with decoupled weight decay, in place, one parameter tensor a dispatch (Kingma and Ba, ICLR 2015; Loshchilov and
// Hutter, ICLR 2019).
#include "include/fold.wgsl"

struct Params {
  size: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
// learningRate, beta1, beta2, epsilon, weightDecay, 1 - beta1^t, 1 - beta2^t, gradientScale
@group(1) @binding(0) var<storage, read> hyper: array<f32>;
@group(1) @binding(1) var<storage, read> gradients: array<f32>;
@group(1) @binding(2) var<storage, read_write> parameters: array<f32>;
@group(1) @binding(3) var<storage, read_write> firstMoments: array<f32>;
@group(1) @binding(4) var<storage, read_write> secondMoments: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let gradient = hyper[7] * gradients[i];
  let first = hyper[1] * firstMoments[i] + (1.0 - hyper[1]) * gradient;
  let second = hyper[2] * secondMoments[i] + (1.0 - hyper[2]) * gradient * gradient;
  firstMoments[i] = first;
  secondMoments[i] = second;
  let step = first / hyper[5] / (sqrt(second / hyper[6]) + hyper[3]);
  parameters[i] -= hyper[0] * (step + hyper[4] * parameters[i]);
}
