// The operands of a product as vec4f: one instruction moves 16 bytes. Indices still count single numbers; those of
// read...4 and writeY4 are multiples of 4.
@group(1) @binding(0) var<storage, read> a: array<vec4f>;
@group(1) @binding(1) var<storage, read> b: array<vec4f>;
@group(1) @binding(2) var<storage, read> bias: array<vec4f>;
@group(1) @binding(3) var<storage, read> residual: array<vec4f>;
@group(1) @binding(4) var<storage, read> saved: array<vec4f>;
@group(1) @binding(5) var<storage, read_write> y: array<vec4f>;

fn readA(i: u32) -> f32 {
  return a[i / 4u][i % 4u];
}
fn readB(i: u32) -> f32 {
  return b[i / 4u][i % 4u];
}
fn readA4(i: u32) -> vec4f {
  return a[i / 4u];
}
fn readB4(i: u32) -> vec4f {
  return b[i / 4u];
}
fn readBias4(i: u32) -> vec4f {
  return bias[i / 4u];
}
fn readResidual4(i: u32) -> vec4f {
  return residual[i / 4u];
}
fn readSaved4(i: u32) -> vec4f {
  return saved[i / 4u];
}
fn writeY4(i: u32, value: vec4f) {
  y[i / 4u] = value;
}
