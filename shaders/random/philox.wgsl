// Philox4x32-10 (Salmon et al., SC 2011): one block of four numbers a thread, the same bits as src/base/philox.ts.
#include "include/fold.wgsl"
#include "include/math.wgsl"

override NORMAL = false;

struct Params {
  size: u32, // blocks
  elements: u32,
  keyLow: u32,
  keyHigh: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> counter: array<f32>; // 64 bits in 16-bit limbs, lowest first
@group(1) @binding(1) var<storage, read_write> y: array<f32>;

/** The 64-bit product as (low, high); WGSL multiplies 32 bits only, so the high word is made of 16-bit halves. */
fn multiplyWide(a: u32, b: u32) -> vec2u {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
  let cross = aLow * bHigh + (middle & 0xffffu);
  return vec2u(a * b, aHigh * bHigh + (middle >> 16u) + (cross >> 16u));
}

fn philox(start: vec4u, startKey: vec2u) -> vec4u {
  var c = start;
  var key = startKey;
  for (var round = 0u; round < 10u; round++) {
    let p0 = multiplyWide(0xd2511f53u, c.x);
    let p1 = multiplyWide(0xcd9e8d57u, c.z);
    c = vec4u(p1.y ^ c.y ^ key.x, p1.x, p0.y ^ c.w ^ key.y, p0.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

/** Two uniform numbers as two independent normal ones (Box-Muller); 1 - u lies in (0, 1]. */
fn boxMuller(u0: f32, u1: f32) -> vec2f {
  return sqrt(-2.0 * logarithm(1.0 - u0)) * sinCosTurns(u1).yx;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let start = vec2u(u32(counter[0]) | (u32(counter[1]) << 16u), u32(counter[2]) | (u32(counter[3]) << 16u));
  let low = start.x + i;
  let high = start.y + select(0u, 1u, low < start.x);
  let words = philox(vec4u(low, high, 0u, 0u), vec2u(p.keyLow, p.keyHigh));
  var numbers = vec4f(words >> vec4u(8u)) * 5.9604644775390625e-8; // 2^-24
  if (NORMAL) {
    numbers = vec4f(boxMuller(numbers.x, numbers.y), boxMuller(numbers.z, numbers.w));
  }
  for (var k = 0u; k < 4u && 4u * i + k < p.elements; k++) {
    y[4u * i + k] = numbers[k];
  }
}
