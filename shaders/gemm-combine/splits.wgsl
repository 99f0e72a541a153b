// The second half of a product whose k was split: adds the pieces' partial sums, always in the same order, and does what
// the product's epilogue asks.
#include "include/bind1.wgsl"
#include "include/fold.wgsl"
#include "include/epilogue.wgsl"

struct Params {
  outputs: u32,
  splits: u32,
  channels: u32,
  alpha: f32,
}
@group(0) @binding(0) var<uniform> p: Params;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.outputs) {
    return;
  }
  var value = 0.0;
  for (var split = 0u; split < p.splits; split++) {
    value += readA(split * p.outputs + i);
  }
  if (HAS_BIAS) {
    value += readBias(i % p.channels);
  }
  if (HAS_RESIDUAL) {
    value += readResidual(i);
  }
  value = activationOf(ACTIVATION, value, p.alpha);
  if (GRADIENT_OF != NO_FUNCTION) {
    value *= activationGradient(GRADIENT_OF, readSaved(i), p.alpha);
  }
  writeY(i, value);
}
