// binary: two operands that broadcast together. Neighbouring axes along which both operands advance alike are
// merged; what is left is a number of planes of rows, and a row or a block of rows is one run of loops.h.
#include "kernels/elements/loops.h"
#include "kernels/simd/lanes.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

/** Rows shorter than this are worked on several at a time, of at most kTile elements. */
constexpr int64_t kShortRow = 32;
constexpr int64_t kTile = 1024;

/** Merged axes, innermost first, with each operand's stride along them (0 where it repeats). */
struct Axes {
  int rank = 0;
  int64_t size[kMaxRank], a[kMaxRank], b[kMaxRank];

  /** The shapes are aligned at the last axis: all have `count` axes. */
  Axes(int count, const int64_t* out, const int64_t* a_shape, const int64_t* b_shape) {
    int64_t a_stride = 1, b_stride = 1;
    for (int axis = count - 1; axis >= 0; axis--) {
      if (out[axis] != 1)
        append(out[axis], a_shape[axis] == 1 ? 0 : a_stride, b_shape[axis] == 1 ? 0 : b_stride);
      a_stride *= a_shape[axis];
      b_stride *= b_shape[axis];
    }
    while (rank < 2) append_row(1, 0, 0);
  }

 private:
  void append(int64_t n, int64_t a_step, int64_t b_step) {
    const int last = rank - 1;
    if (rank > 0 && a_step == a[last] * size[last] && b_step == b[last] * size[last]) {
      size[last] *= n;
    } else {
      append_row(n, a_step, b_step);
    }
  }
  void append_row(int64_t n, int64_t a_step, int64_t b_step) {
    size[rank] = n;
    a[rank] = a_step;
    b[rank] = b_step;
    rank++;
  }
};

/** One operand within a plane. */
struct Side {
  const float* data;
  int64_t row_step, step;
};

void run_rows(int function, Side a, Side b, float* y, int64_t rows, int64_t columns) {
  const BinaryRun run = binary_run(function, a.step ? Operand::array : Operand::number,
                                   b.step ? Operand::array : Operand::number);
  for (int64_t r = 0; r < rows; r++)
    run(a.data + r * a.row_step, b.data + r * b.row_step, y + r * columns, columns);
}

/** `rows` rows of an operand one after the other: where they are, if they already lie so, else in `tile`. */
const float* dense_rows(Side side, int64_t first, int64_t rows, int64_t columns, float* tile) {
  const float* from = side.data + first * side.row_step;
  if (side.step == 1 && side.row_step == columns) return from;
  if (side.row_step == 0 && first > 0) return tile;  // made for the first rows
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) tile[r * columns + c] = from[r * side.row_step + c * side.step];
  return tile;
}

void run_short_rows(int function, Side a, Side b, float* y, int64_t rows, int64_t columns) {
  const BinaryRun run = binary_run(function, Operand::array, Operand::array);
  const int64_t step = kTile / columns;
  float a_tile[kTile], b_tile[kTile];
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = first + step < rows ? step : rows - first;
    const float* left = dense_rows(a, first, count, columns, a_tile);
    const float* right = dense_rows(b, first, count, columns, b_tile);
    run(left, right, y + first * columns, count * columns);
  }
}

}  // namespace

void binary(const Call& call) {
  Numbers numbers(call);
  const int function = numbers.small();
  const int count = numbers.rank();
  int64_t shapes[3][kMaxRank];
  for (int64_t* shape : {shapes[0], shapes[1], shapes[2]}) numbers.whole(shape, count);
  const Axes axes(count, shapes[0], shapes[1], shapes[2]);
  const float *a = call.operands[0], *b = call.operands[1];
  float* y = call.operands[2];

  const int64_t columns = axes.size[0], plane = axes.size[1];
  int64_t rows = 1;
  for (int axis = 1; axis < axes.rank; axis++) rows *= axes.size[axis];
  if (rows * columns == 0) return;

  if (rows == 1) {
    const Operand left = axes.a[0] || columns == 1 ? Operand::array : Operand::number;
    const Operand right = axes.b[0] || columns == 1 ? Operand::array : Operand::number;
    const BinaryRun run = binary_run(function, left, right);
    parallel_ranges(columns, kChunk, [&](int64_t i, int64_t end) {
      run(left == Operand::array ? a + i : a, right == Operand::array ? b + i : b, y + i, end - i);
    });
    return;
  }

  parallel_rows(rows, columns, [&](int64_t begin, int64_t end) {
    while (begin < end) {  // the part of this range within one plane
      const int64_t first = begin % plane;
      const int64_t step = end - begin < plane - first ? end - begin : plane - first;
      int64_t a_start = first * axes.a[1], b_start = first * axes.b[1];
      int64_t index = begin / plane;
      for (int axis = 2; axis < axes.rank; axis++) {
        a_start += index % axes.size[axis] * axes.a[axis];
        b_start += index % axes.size[axis] * axes.b[axis];
        index /= axes.size[axis];
      }
      const Side left{a + a_start, axes.a[1], axes.a[0]}, right{b + b_start, axes.b[1], axes.b[0]};
      const auto work = columns < kShortRow ? run_short_rows : run_rows;
      work(function, left, right, y + begin * columns, step, columns);
      begin += step;
    }
  });
}

}  // namespace fovea::FOVEA_ISA
