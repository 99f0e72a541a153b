// A fused chain of elementwise steps: every input is read once, the steps run in registers, every result is stored
// once. plans/elementwise.ts puts the bindings and the steps of the call at the two marks.
#include "include/fold.wgsl"
#include "include/functions.wgsl"

struct Params {
  size: u32,
  sizes: array<vec4u, 4>, // of the inputs; one smaller than y repeats
  alphas: array<vec4f, 8>, // of the steps
}
@group(0) @binding(0) var<uniform> p: Params;
//#bindings

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  //#steps
}
