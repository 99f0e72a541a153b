// y = a f b for any shapes that broadcast: each thread takes its element's index apart along y's axes (neighbouring
// axes that both operands walk alike are merged beforehand) and walks a and b with strides that are 0 where they repeat.
#include "include/fold.wgsl"
#include "include/functions.wgsl"

override FUNCTION: u32;

struct Params {
  size: u32,
  rank: u32,
  shape: array<vec4u, 2>, // innermost axis first
  aStrides: array<vec4u, 2>,
  bStrides: array<vec4u, 2>,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(1) @binding(0) var<storage, read> a: array<f32>;
@group(1) @binding(1) var<storage, read> b: array<f32>;
@group(1) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  var rest = i;
  var ai = 0u;
  var bi = 0u;
  for (var axis = 0u; axis < p.rank; axis++) {
    let n = p.shape[axis / 4u][axis % 4u];
    let index = rest % n;
    rest = rest / n;
    ai += index * p.aStrides[axis / 4u][axis % 4u];
    bi += index * p.bStrides[axis / 4u][axis % 4u];
  }
  y[i] = binaryValue(FUNCTION, a[ai], b[bi]);
}
