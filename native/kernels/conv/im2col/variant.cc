// `im2col` as a variant: the second rung of the convolutions' ladder, written to be read and never the choice. The windows of all
// output pixels are copied into the rows of a matrix (patches.h), and then a convolution is a matrix product, which gemm/ makes fast:
//
//   forward       y = matrix(x) * w                    [pixels, kh kw ci] * [kh kw ci, co]
//   input_grad    dx = matrix^T(dy * w^T)              the transpose of copying a pixel to many rows is to add those up
//   weight_grad   dw = matrix(x)^T * dy                [kh kw ci, pixels] * [pixels, co]
//
// Its price: a pixel is written and read kh * kw times. The matrix is made in pieces of some image rows, so that a piece stays in L2 or
// L3. The rung above, implicit_gemm/, makes the same product and no matrix: its microkernel reads the pixels where they lie.
#include <algorithm>
#include <vector>

#include "kernels/conv/cost.h"
#include "kernels/conv/im2col/patches.h"
#include "kernels/gemm/gemm.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::conv::im2col {
namespace {

constexpr size_t kBytesOfPiece = 1 << 20;

bool supports(const ConvWork&) { return true; }

/** run(piece, room for its matrix), one piece after the other. */
template <class Run>
void for_pieces(const ConvShape& s, Run run) {
  const size_t row = sizeof(float) * s.ow * columns_of(s);
  const int rows = (int)std::clamp<size_t>(kBytesOfPiece / std::max<size_t>(row, 1), 1, std::max(s.oh, 1));
  float* const matrix = (float*)shared_scratch(0, row * rows);
  for (int image = 0; image < s.n; image++)
    for (int first = 0; first < s.oh; first += rows)
      for (int group = 0; group < s.groups; group++)
        run(Piece{image, first, std::min(rows, s.oh - first), group}, matrix);
}

/** Where a piece's outputs begin in y, or those of its group in w, of which the matrix product then takes every co-th row. */
ptrdiff_t start_in_y(const ConvShape& s, const Piece& piece) {
  return ((ptrdiff_t)piece.image * s.oh + piece.first) * s.ow * s.co + piece.group * (s.co / s.groups);
}
ptrdiff_t start_in_w(const ConvShape& s, const Piece& piece) { return piece.group * (s.co / s.groups); }

/** Ends the sums of some pixels, from output element `start` on, and puts them there. Until now nothing was: an operand of the
 * epilogue may lie in the same place. */
void finish(const ConvCall& c, float* sums, int pixels, int channels, ptrdiff_t start, int all_channels) {
  parallel_for(pixels, [&](int i, int) {
    float* const from = sums + (ptrdiff_t)i * channels;
    const ptrdiff_t to = start + (ptrdiff_t)i * all_channels;
    finish_row(c.epilogue, from, to, (int)(start % all_channels), channels);
    std::copy_n(from, channels, c.out + to);
  });
}

void forward(const ConvCall& c) {
  const ConvShape& s = c.shape;
  for_pieces(s, [&](const Piece& piece, float* matrix) {
    gather(s, c.a, piece, matrix);
    const int pixels = piece.rows * s.ow, k = columns_of(s), channels = s.co / s.groups;
    float* const sums = (float*)shared_scratch(1, sizeof(float) * pixels * channels);
    gemm({pixels,
          channels,
          k,
          {matrix, k, false},
          {c.b + start_in_w(s, piece), s.co, true},
          {sums, channels},
          {}});
    finish(c, sums, pixels, channels, start_in_y(s, piece), s.co);
  });
}

void input_grad(const ConvCall& c) {
  const ConvShape& s = c.shape;
  const int pixels = s.n * s.h * s.w;
  std::vector<float> dx((size_t)pixels * s.ci);
  for_pieces(s, [&](const Piece& piece, float* matrix) {
    const int k = s.co / s.groups, columns = columns_of(s);
    gemm({piece.rows * s.ow,
          columns,
          k,
          {c.a + start_in_y(s, piece), s.co, false},
          {c.b + start_in_w(s, piece), s.co, false},
          {matrix, columns},
          {}});
    scatter(s, matrix, piece, dx.data());
  });
  finish(c, dx.data(), pixels, s.ci, 0, s.ci);
}

void weight_grad(const ConvCall& c) {
  const ConvShape& s = c.shape;
  const int rows = columns_of(s), columns = s.co / s.groups;
  std::fill_n(c.out, (size_t)rows * s.co, 0.0f);
  std::vector<float> part((size_t)rows * columns);
  for_pieces(s, [&](const Piece& piece, float* matrix) {
    gather(s, c.a, piece, matrix);
    gemm({rows,
          columns,
          piece.rows * s.ow,
          {matrix, rows, true},
          {c.b + start_in_y(s, piece), s.co, true},
          {part.data(), columns},
          {}});
    float* const to = c.out + start_in_w(s, piece);
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) to[(ptrdiff_t)i * s.co + j] += part[(ptrdiff_t)i * columns + j];
  });
}

std::function<void()> prepare(const ConvCall& c) {
  switch (c.direction) {
    case Direction::forward:
      return [&c] { forward(c); };
    case Direction::input_grad:
      return [&c] { input_grad(c); };
    default:
      return [&c] { weight_grad(c); };
  }
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"im2col", supports, never, prepare};

}  // namespace fovea::FOVEA_ISA::conv::im2col
