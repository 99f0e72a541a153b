// One thread an element of dx, which gathers from the windows that hold it; for max it looks again which element of the
// window was the first maximum. Nothing is added concurrently, so the result is the same every time.
#include "include/pool.wgsl"

@group(1) @binding(0) var<storage, read> x: array<f32>;
@group(1) @binding(1) var<storage, read> dy: array<f32>;
@group(1) @binding(2) var<storage, read_write> dx: array<f32>;

/** The windows [first, end) that hold position `at`. */
fn windowsOver(at: i32, stride: i32, padding: i32, window: i32, outputs: i32) -> vec2i {
  // i stride - padding <= at < i stride - padding + window
  let reach = at + padding - window + 1;
  let first = max((reach + stride - 1) / stride, 0);
  return vec2i(select(first, 0, reach <= 0), min((at + padding) / stride + 1, outputs));
}

fn firstMaximum(image: i32, ys: vec2i, xs: vec2i, channel: i32) -> i32 {
  var best = ((image * p.height + ys.x) * p.width + xs.x) * p.channels + channel;
  for (var r = ys.x; r < ys.y; r++) {
    for (var c = xs.x; c < xs.y; c++) {
      let at = ((image * p.height + r) * p.width + c) * p.channels + channel;
      if (x[at] > x[best] || (isNan(x[at]) && !isNan(x[best]))) {
        best = at;
      }
    }
  }
  return best;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = groupIndex(group, groups) * 256u + lane;
  if (i >= p.size) {
    return;
  }
  let channel = i32(i) % p.channels;
  let pixel = i32(i) / p.channels;
  let column = pixel % p.width;
  let row = (pixel / p.width) % p.height;
  let image = pixel / (p.width * p.height);
  let rows = windowsOver(row, p.strideY, p.top, p.windowY, p.oh);
  let columns = windowsOver(column, p.strideX, p.left, p.windowX, p.ow);
  var sum = 0.0;
  for (var r = rows.x; r < rows.y; r++) {
    for (var c = columns.x; c < columns.y; c++) {
      let ys = inside(r, p.strideY, p.top, p.windowY, p.height);
      let xs = inside(c, p.strideX, p.left, p.windowX, p.width);
      let gradient = dy[((image * p.oh + r) * p.ow + c) * p.channels + channel];
      if (MAX) {
        if (firstMaximum(image, ys, xs, channel) == i32(i)) {
          sum += gradient;
        }
      } else {
        sum += gradient / f32((ys.y - ys.x) * (xs.y - xs.x));
      }
    }
  }
  dx[i] = sum;
}
