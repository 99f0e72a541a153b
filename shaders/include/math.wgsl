// Elementary functions where WGSL's own are not good enough: its sin and cos may be off by 2^-11, its tanh overflows,
// its log is only absolutely precise near 1, its pow has no negative bases. Polynomials: Moshier, Cephes (float32).

/** A zero that no compiler can see, to make NaN and infinity at run time: as constants WGSL forbids them. */
fn hiddenZero(x: f32) -> u32 {
  return bitcast<u32>(x) & 0u;
}

fn notANumber(x: f32) -> f32 {
  return bitcast<f32>(0x7fc00000u | hiddenZero(x));
}

/** By its bits: a compiler may assume that x != x is false. */
fn isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

/** max(x, 0), but NaN stays NaN; `select(x, 0.0, x <= 0.0)` does not say so clearly enough: a driver made 0 of NaN. */
fn positivePart(x: f32) -> f32 {
  return select(max(x, 0.0), x, isNan(x));
}

/** log(1 + m) for sqrt(1/2) - 1 <= m <= sqrt(2) - 1 */
fn logNearOne(m: f32) -> f32 {
  let z = m * m;
  var y = 7.0376836292e-2 * m - 1.1514610310e-1;
  y = y * m + 1.1676998740e-1;
  y = y * m - 1.2420140846e-1;
  y = y * m + 1.4249322787e-1;
  y = y * m - 1.6668057665e-1;
  y = y * m + 2.0000714765e-1;
  y = y * m - 2.4999993993e-1;
  y = y * m + 3.3333331174e-1;
  return m + (y * m * z - 0.5 * z);
}

fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (x == 0.0) {
    return bitcast<f32>(0xff800000u | hiddenZero(x));
  }
  if (bits >= 0x7f800000u) { // infinity, NaN and the negative numbers
    return select(notANumber(x), x, bits == 0x7f800000u);
  }
  // x = m 2^e with sqrt(1/2) <= m < sqrt(2)
  var e = i32(bits >> 23u) - 126;
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.70710678) {
    m = m * 2.0;
    e = e - 1;
  }
  let k = f32(e);
  return logNearOne(m - 1.0) - 2.12194440e-4 * k + 0.693359375 * k;
}

/** log(1 + e) for 0 <= e <= 1 */
fn logOnePlus(e: f32) -> f32 {
  if (e < 0.41421356) {
    return logNearOne(e);
  }
  return logarithm(1.0 + e);
}

/** exp(x) - 1 */
fn expMinusOne(x: f32) -> f32 {
  if (abs(x) < 0.5) {
    return x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x / 5040.0))))));
  }
  return exp(x) - 1.0;
}

fn hyperbolicTangent(x: f32) -> f32 {
  if (isNan(x)) {
    return x;
  }
  let size = min(abs(x), 15.0);
  if (size < 0.625) {
    let z = x * x;
    var y = -5.70498872745e-3 * z + 2.06390887954e-2;
    y = y * z - 5.37397155531e-2;
    y = y * z + 1.33314422036e-1;
    y = y * z - 3.33332819422e-1;
    return x + x * z * y;
  }
  return sign(x) * (1.0 - 2.0 / (exp(2.0 * size) + 1.0));
}

/** sin and cos of an angle in [-pi/4, pi/4] */
fn sinCosSmall(x: f32) -> vec2f {
  let z = x * x;
  let s = x + x * z * ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1);
  let c = 1.0 - 0.5 * z + z * z * ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2);
  return vec2f(s, c);
}

/** sin and cos of x + quadrant pi/2, given those of x */
fn turn(sc: vec2f, quadrant: i32) -> vec2f {
  switch (quadrant & 3) {
    case 1: { return vec2f(sc.y, -sc.x); }
    case 2: { return vec2f(-sc.x, -sc.y); }
    case 3: { return vec2f(-sc.y, sc.x); }
    default: { return sc; }
  }
}

/** sin and cos; precise to float32 up to about |x| = 8000 */
fn sinCos(x: f32) -> vec2f {
  let quadrant = round(x * 0.63661977236758134);
  // pi/2 in three pieces of few bits, so that quadrant times a piece is exact
  let r = ((x - quadrant * 1.5703125) - quadrant * 4.837512969970703125e-4) - quadrant * 7.549789948768648e-8;
  return turn(sinCosSmall(r), i32(quadrant));
}

/** sin and cos of 2 pi u for 0 <= u < 1: the reduction is exact */
fn sinCosTurns(u: f32) -> vec2f {
  let quadrant = round(4.0 * u);
  return turn(sinCosSmall((u - 0.25 * quadrant) * 6.2831853071795865), i32(quadrant));
}

/** a^b as JavaScript has it: negative bases have whole powers. */
fn power(a: f32, b: f32) -> f32 {
  if (isNan(a) || isNan(b)) {
    return select(notANumber(a), 1.0, b == 0.0);
  }
  if (b == 0.0) {
    return 1.0;
  }
  let size = exp(b * logarithm(abs(a)));
  if (a >= 0.0) {
    return size;
  }
  if (floor(b) != b) {
    return notANumber(a);
  }
  return select(size, -size, floor(0.5 * b) * 2.0 != b);
}
