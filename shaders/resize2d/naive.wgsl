// One thread an output element.
#include "include/resize.wgsl"

@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let channel = i % p.channels;
  let pixel = i / p.channels;
  let column = sampleAt(pixel % p.ow, p.width, p.ow);
  let row = sampleAt((pixel / p.ow) % p.oh, p.height, p.oh);
  let image = pixel / (p.ow * p.oh);
  let top = (image * p.height + row.low) * p.width;
  let topLeft = x[(top + column.low) * p.channels + channel];
  if (!BILINEAR) {
    y[i] = topLeft;
    return;
  }
  let bottom = (image * p.height + row.high) * p.width;
  let topRight = x[(top + column.high) * p.channels + channel];
  let bottomLeft = x[(bottom + column.low) * p.channels + channel];
  let bottomRight = x[(bottom + column.high) * p.channels + channel];
  let v = row.fraction;
  let u = column.fraction;
  y[i] = (1.0 - v) * ((1.0 - u) * topLeft + u * topRight) + v * ((1.0 - u) * bottomLeft + u * bottomRight);
}
