// One thread an output element, which walks its window.
#include "include/pool.wgsl"

@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read> v: array<f32>; // max: what is taken at x's first maximum; x itself as a rule
@group(1) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let channel = i32(i) % p.channels;
  let pixel = i32(i) / p.channels;
  let column = pixel % p.ow;
  let row = (pixel / p.ow) % p.oh;
  let image = pixel / (p.ow * p.oh);
  let ys = inside(row, p.strideY, p.top, p.windowY, p.height);
  let xs = inside(column, p.strideX, p.left, p.windowX, p.width);
  var sum = 0.0;
  var best = ((image * p.height + ys.x) * p.width + xs.x) * p.channels + channel;
  for (var r = ys.x; r < ys.y; r++) {
    for (var c = xs.x; c < xs.y; c++) {
      let at = ((image * p.height + r) * p.width + c) * p.channels + channel;
      if (MAX) {
        if (x[at] > x[best] || (isNan(x[at]) && !isNan(x[best]))) {
          best = at;
        }
      } else {
        sum += x[at];
      }
    }
  }
  if (MAX) {
    y[i] = v[best];
  } else {
    y[i] = sum / f32((ys.y - ys.x) * (xs.y - xs.x));
  }
}
