// The most arithmetic a GPU does: 32 independent chains of fused multiply-adds a thread, all in registers.
#include "include/fold.wgsl"

struct Params {
  size: u32, // threads
  steps: u32,
  factor: f32,
  addend: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let x = vec4f(f32(lane));
  var a = x;
  var b = x + 1.0;
  var c = x + 2.0;
  var d = x + 3.0;
  var e = x + 4.0;
  var f = x + 5.0;
  var g = x + 6.0;
  var h = x + 7.0;
  let factor = vec4f(p.factor);
  let addend = vec4f(p.addend);
  for (var step = 0u; step < p.steps; step++) {
    a = fma(a, factor, addend);
    b = fma(b, factor, addend);
    c = fma(c, factor, addend);
    d = fma(d, factor, addend);
    e = fma(e, factor, addend);
    f = fma(f, factor, addend);
    g = fma(g, factor, addend);
    h = fma(h, factor, addend);
  }
  y[i] = ((a + b) + (c + d)) + ((e + f) + (g + h));
}
