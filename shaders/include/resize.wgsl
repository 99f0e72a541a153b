// What resize2d and its adjoint share: from where, along one axis, an output is read. In whole numbers, so exact.
#include "include/fold.wgsl"

override BILINEAR = false;

struct Params {
  size: u32,
  height: u32,
  width: u32,
  channels: u32,
  oh: u32,
  ow: u32,
}
@group(0) @binding(0) var<uniform> p: Params;

struct Sample {
  low: u32,
  high: u32,
  fraction: f32, // of high
}

fn sampleAt(output: u32, inputs: u32, outputs: u32) -> Sample {
  // nearest: floor((i + 1/2) inputs/outputs); bilinear: (i + 1/2) inputs/outputs - 1/2, clamped
  let position = (2u * output + 1u) * inputs; // in units of 1/(2 outputs)
  if (!BILINEAR) {
    let at = position / (2u * outputs);
    return Sample(at, at, 0.0);
  }
  if (position <= outputs) {
    return Sample(0u, min(1u, inputs - 1u), 0.0);
  }
  let low = (position - outputs) / (2u * outputs);
  if (low >= inputs - 1u) {
    return Sample(inputs - 1u, inputs - 1u, 0.0);
  }
  return Sample(low, low + 1u, f32((position - outputs) % (2u * outputs)) / f32(2u * outputs));
}
