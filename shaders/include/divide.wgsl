// Whole division through float32, exact while the quotient is below 2^22: the estimate is off by one at most, which the
// remainder tells. GPUs have no instruction for it, and the general routine is several times longer.
fn divide(a: u32, b: u32) -> vec2u { // (quotient, remainder)
  let estimate = u32(f32(a) / f32(b));
  let rest = i32(a - estimate * b);
  let isLow = rest < 0;
  let isHigh = rest >= i32(b);
  let quotient = select(select(estimate, estimate + 1u, isHigh), estimate - 1u, isLow);
  return vec2u(quotient, a - quotient * b);
}

/** floor(a / b) for |a| < 2^22 */
fn divideDown(a: i32, b: i32) -> i32 {
  return i32(floor((f32(a) + 0.5) / f32(b))); // the half keeps rounding away from whole quotients
}
