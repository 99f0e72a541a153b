// Where Winograd's tiles lie: the order in which they are taken, and the windows of the images that their transforms read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/conv/shared/padded_window.h"
#include "kernels/conv/winograd/plan.h"

namespace fovea::FOVEA_ISA::conv::winograd {

/** Elements of a window along an axis at most. */
constexpr int kMaxElements = 6;

/** A window of elements: element (i, j, c) is data[i * row + j * column + c], or 0 where it is outside the image. */
struct Window {
  const float* data;
  ptrdiff_t row, column;
  uint32_t rows, columns;  // bit i: there is such a row or column
  bool is_whole(int height, int width) const {
    return !(~rows & ((1u << height) - 1)) && !(~columns & ((1u << width) - 1));
  }
};

struct TilePlace {
  int image, y, x;  // of the tile's first output, within its phase
  int left;         // x of its strip's first tile
};

/**
 * The order in which a phase's tiles are taken: image by image, and in an image down one strip of columns after the
 * other. Tiles share rows of the input with those above them, which L2 still holds if strips are narrow.
 */
struct TileOrder {
  int down, across;  // tiles of an image
  int strip;         // tiles across a strip, but for the last
  /** `most`: tiles across a strip at most, if the image is not narrower. */
  TileOrder(const Phase& phase, int in_channels, int out_channels, int most = 1 << 20);
  TilePlace place(int tile) const;
  /** The place of the next tile: without place()'s divisions. */
  TilePlace after(TilePlace at) const;
};

/** What the transforms read of `count` tiles from `first` on: of the input, for one part of the phase, ... */
void windows_of_inputs(const Image& images, const Phase& phase, int part, const TileOrder& order, int first,
                       int count, Window* to);
/** ... and of the output's gradient. */
void windows_of_gradients(const Image& images, const Phase& phase, const TileOrder& order, int first,
                          int count, Window* to);

}  // namespace fovea::FOVEA_ISA::conv::winograd
