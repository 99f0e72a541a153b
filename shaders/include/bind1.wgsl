// The operands of a product as single numbers.
@group(1) @binding(0) var<storage, read> a: array<f32>;
@group(1) @binding(1) var<storage, read> b: array<f32>;
@group(1) @binding(2) var<storage, read> bias: array<f32>;
@group(1) @binding(3) var<storage, read> residual: array<f32>;
@group(1) @binding(4) var<storage, read> saved: array<f32>;
@group(1) @binding(5) var<storage, read_write> y: array<f32>;

fn readA(i: u32) -> f32 {
  return a[i];
}
fn readB(i: u32) -> f32 {
  return b[i];
}
fn readA4(i: u32) -> vec4f {
  return vec4f(a[i], a[i + 1u], a[i + 2u], a[i + 3u]);
}
fn readB4(i: u32) -> vec4f {
  return vec4f(b[i], b[i + 1u], b[i + 2u], b[i + 3u]);
}
fn readBias(i: u32) -> f32 {
  return bias[i];
}
fn readResidual(i: u32) -> f32 {
  return residual[i];
}
fn readSaved(i: u32) -> f32 {
  return saved[i];
}
fn writeY(i: u32, value: f32) {
  y[i] = value;
}
