// Stores four neighbouring results of a row at a time.
#include "include/epilogue.wgsl"

fn activate4(x: vec4f) -> vec4f {
  let alpha = p.gemm.alpha;
  return vec4f(
    unaryValue(ACTIVATION, x.x, alpha), unaryValue(ACTIVATION, x.y, alpha),
    unaryValue(ACTIVATION, x.z, alpha), unaryValue(ACTIVATION, x.w, alpha),
  );
}

fn derive4(x: vec4f) -> vec4f {
  let alpha = p.gemm.alpha;
  return vec4f(
    unaryDerivative(GRADIENT_OF, x.x, alpha), unaryDerivative(GRADIENT_OF, x.y, alpha),
    unaryDerivative(GRADIENT_OF, x.z, alpha), unaryDerivative(GRADIENT_OF, x.w, alpha),
  );
}

/** `row` is rowOfY of the results' row. */
fn store4(g: Problem, row: u32, column: u32, sum: vec4f, split: u32) {
  let at = row + column;
  if (SPLIT) {
    writeY4(split * p.gemm.outputs + at, sum);
    return;
  }
  var value = sum;
  if (HAS_BIAS) {
    value += readBias4(firstChannel(g) + column);
  }
  if (HAS_RESIDUAL) {
    value += readResidual4(at);
  }
  value = activate4(value);
  if (GRADIENT_OF != NO_FUNCTION) {
    value *= derive4(readSaved4(at));
  }
  writeY4(at, value);
}
