// Stores one result at a time.
#include "include/epilogue.wgsl"

/** `row` is rowOfY of the result's row. */
fn store(g: Problem, row: u32, column: u32, sum: f32, split: u32) {
  let at = row + column;
  if (SPLIT) {
    writeY(split * p.gemm.outputs + at, sum);
    return;
  }
  var value = sum;
  if (HAS_BIAS) {
    value += readBias(firstChannel(g) + column);
  }
  if (HAS_RESIDUAL) {
    value += readResidual(at);
  }
  value = unaryValue(ACTIVATION, value, p.gemm.alpha);
  if (GRADIENT_OF != NO_FUNCTION) {
    value *= unaryDerivative(GRADIENT_OF, readSaved(at), p.gemm.alpha);
  }
  writeY(at, value);
}
