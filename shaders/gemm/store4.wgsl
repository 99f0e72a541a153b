// Stores four neighbouring results of a row at a time.

/** `row` is rowOfY of the results' row. */
fn store4(g: Problem, row: u32, column: u32, sum: vec4f, split: u32) {
  let at = row + column;
  if (SPLIT) {
    writeY4(split * p.gemm.outputs + at, sum);
    return;
  }
  var value = sum;
  if (hasBias()) {
    value += readBias4(firstChannel(g) + column);
  }
  if (hasResidual()) {
    value += readResidual4(at);
  }
  if (activation() != 0u) {
    for (var i = 0u; i < 4u; i++) {
      value[i] = activationOf(activation(), value[i], p.gemm.alpha);
    }
  }
  if (gradientOf() != NO_FUNCTION) {
    let outputs = readSaved4(at);
    for (var i = 0u; i < 4u; i++) {
      value[i] *= activationGradient(gradientOf(), outputs[i], p.gemm.alpha);
    }
  }
  writeY4(at, value);
}
