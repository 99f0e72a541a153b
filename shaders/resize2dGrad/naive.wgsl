// One thread an element of dx, which gathers from every output that read it.
#include "include/resize.wgsl"

@group(1) @binding(0) var<storage, read> dy: array<f32>;
@group(1) @binding(1) var<storage, read_write> dx: array<f32>;

/** Outputs [first, end) that may read position `at`: a bracket, whose ends `weight` finds to be 0. */
fn readers(at: u32, inputs: u32, outputs: u32) -> vec2u {
  // (i + 1/2) inputs/outputs - 1/2 within 1 of `at`
  let first = max((i32(2u * at) - 1) * i32(outputs) / i32(2u * inputs) - 1, 0);
  let end = (2u * at + 3u) * outputs / (2u * inputs) + 1u;
  return vec2u(u32(first), min(end, outputs));
}

fn weight(sample: Sample, at: u32) -> f32 {
  return select(0.0, 1.0 - sample.fraction, sample.low == at) + select(0.0, sample.fraction, sample.high == at);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let channel = i % p.channels;
  let pixel = i / p.channels;
  let column = pixel % p.width;
  let row = (pixel / p.width) % p.height;
  let image = pixel / (p.width * p.height);
  let rows = readers(row, p.height, p.oh);
  let columns = readers(column, p.width, p.ow);
  var sum = 0.0;
  for (var r = rows.x; r < rows.y; r++) {
    let v = weight(sampleAt(r, p.height, p.oh), row);
    if (v == 0.0) {
      continue;
    }
    for (var c = columns.x; c < columns.y; c++) {
      let u = weight(sampleAt(c, p.width, p.ow), column);
      if (u != 0.0) {
        sum += u * v * dy[((image * p.oh + r) * p.ow + c) * p.channels + channel];
      }
    }
  }
  dx[i] = sum;
}
