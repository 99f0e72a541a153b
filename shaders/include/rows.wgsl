// Sums and maxima over the 256 threads of a workgroup, by halves.
#include "include/math.wgsl"

var<workgroup> partial: array<f32, 256>;

fn largerNumber(a: f32, b: f32) -> f32 {
  return select(select(b, a, a > b), a, isNan(a));
}

/** The sum of everybody's `value`, for everybody. */
fn sumOfGroup(value: f32, lane: u32) -> f32 {
  workgroupBarrier(); // the result of the call before has been read
  partial[lane] = value;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      partial[lane] += partial[lane + half];
    }
  }
  workgroupBarrier();
  return partial[0];
}

/** The largest `value`, for everybody; NaN if there is one. */
fn largestOfGroup(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      partial[lane] = largerNumber(partial[lane], partial[lane + half]);
    }
  }
  workgroupBarrier();
  return partial[0];
}
