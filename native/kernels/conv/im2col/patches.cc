#include "kernels/conv/im2col/patches.h"

#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA::conv::im2col {
namespace {

/** visit(where a pixel's channels are in x, or null outside the image; where they are in the matrix), for an output row */
template <class Visit>
void for_windows(const ConvShape& s, const Piece& piece, int row, Visit visit) {
  const int channels = s.ci / s.groups;
  ptrdiff_t to = (ptrdiff_t)row * s.ow * columns_of(s);
  for (int j = 0; j < s.ow; j++)
    for (int p = 0; p < s.kh; p++)
      for (int q = 0; q < s.kw; q++, to += channels) {
        const int y = (piece.first + row) * s.stride_y + p * s.dilation_y - s.pad_top;
        const int x = j * s.stride_x + q * s.dilation_x - s.pad_left;
        const bool inside = y >= 0 && y < s.h * s.up && x >= 0 && x < s.w * s.up;
        const ptrdiff_t pixel = ((ptrdiff_t)piece.image * s.h + y / s.up) * s.w + x / s.up;
        visit(inside ? pixel * s.ci + piece.group * channels : -1, to);
      }
}

}  // namespace

void gather(const ConvShape& s, const float* x, const Piece& piece, float* matrix) {
  const int channels = s.ci / s.groups;
  parallel_for(piece.rows, [&](int row, int) {
    for_windows(s, piece, row, [&](ptrdiff_t from, ptrdiff_t to) {
      if (from < 0)
        std::memset(matrix + to, 0, sizeof(float) * channels);
      else
        std::memcpy(matrix + to, x + from, sizeof(float) * channels);
    });
  });
}

void scatter(const ConvShape& s, const float* matrix, const Piece& piece, float* x) {
  // One after the other, as the windows of neighbouring rows overlap.
  for (int row = 0; row < piece.rows; row++)
    for_windows(s, piece, row, [&](ptrdiff_t at, ptrdiff_t from) {
      if (at < 0) return;
      for_lanes(s.ci / s.groups, [&](int64_t c, auto lanes) {
        lanes.put(x + at + c, lanes.get(x + at + c) + lanes.get(matrix + from + c));
      });
    });
}

}  // namespace fovea::FOVEA_ISA::conv::im2col
