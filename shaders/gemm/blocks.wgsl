fn rowsOfA(g: Problem, row: u32) -> array<RowA, 4> {
  var rows: array<RowA, 4>;
  if (A_ALONG_M) {
    rows[0] = rowOfA(g, min(row, g.m - 4u)); // m is a multiple of 4: a block lies inside or outside as a whole
    return rows;
  }
  for (var i = 0u; i < 4u; i++) {
    rows[i] = rowOfA(g, min(row + i, g.m - 1u));
  }
  return rows;
}

fn blockOfA(g: Problem, rows: ptr<function, array<RowA, 4>>, k: u32, end: u32) -> mat4x4f {
  var block: mat4x4f;
  for (var i = 0u; i < 4u; i++) {
    let at = select(k, k + i, A_ALONG_M);
    let row = select(i, 0u, A_ALONG_M);
    if (at < end) {
      block[i] = loadA4(g, rows[row], at);
    }
  }
  if (A_ALONG_M) {
    return block;
  }
  return transpose(block); // k and end are multiples of 4
}

fn blockOfB(g: Problem, k: u32, end: u32, firstColumn: u32) -> mat4x4f {
  var block: mat4x4f;
  let column = min(firstColumn, g.n - 4u); // n is a multiple of 4
  for (var i = 0u; i < 4u; i++) {
    let at = select(k + i, k, B_ALONG_K);
    if (at < end) {
      block[i] = loadB4(g, at, select(column, column + i, B_ALONG_K));
    }
  }
  if (B_ALONG_K) {
    return transpose(block);
  }
  return block;
}
