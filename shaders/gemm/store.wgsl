// Stores one result at a time.

/** `row` is rowOfY of the result's row. */
fn store(g: Problem, row: u32, column: u32, sum: f32, split: u32) {
  let at = row + column;
  if (SPLIT) {
    writeY(split * p.gemm.outputs + at, sum);
    return;
  }
  var value = sum;
  if (hasBias()) {
    value += readBias(firstChannel(g) + column);
  }
  if (hasResidual()) {
    value += readResidual(at);
  }
  value = activationOf(activation(), value, p.gemm.alpha);
  if (gradientOf() != NO_FUNCTION) {
    value *= activationGradient(gradientOf(), readSaved(at), p.gemm.alpha);
  }
  writeY(at, value);
}
