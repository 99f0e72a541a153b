// A window of an image with zeros round it: where all of it lies inside the image it is the image itself,
// else a copy.
#pragma once

#include <cstddef>
#include <cstring>

#include "kernels/conv/shared/prefetch.h"

namespace fovea::FOVEA_ISA::conv {

/** Element (y, x, c) of the window is data[y * pitch + x * pixel + c]. */
struct PaddedWindow {
  const float* data;
  ptrdiff_t pitch, pixel;
};

/** One image (or some channels of it): element (y, x, c) is data[(y * w + x) * pixel + c], c < channels. */
struct Image {
  const float* data;
  int h, w, pixel, channels;
  ptrdiff_t size() const { return (ptrdiff_t)h * w * pixel; }
  /** The i-th after this one. */
  Image number(int i) const { return {data + i * size(), h, w, pixel, channels}; }
  /** The window that begins at (y, x), where it lies. */
  PaddedWindow window(int y, int x) const {
    return {data + ((ptrdiff_t)y * w + x) * pixel, (ptrdiff_t)w * pixel, pixel};
  }
};

inline size_t window_size(int rows, int columns, int channels) { return (size_t)rows * columns * channels; }

inline bool window_is_inside(const Image& image, int y, int x, int rows, int columns) {
  return y >= 0 && x >= 0 && y + rows <= image.h && x + columns <= image.w;
}

/** The window of `rows` x `columns` whose first element is (y, x) of the image; `room` holds window_size()
 * floats. */
inline PaddedWindow padded_window(const Image& image, int y, int x, int rows, int columns, float* room,
                                  bool always_copy = false) {
  if (!always_copy && window_is_inside(image, y, x, rows, columns)) return image.window(y, x);
  const int channels = image.channels;
  const ptrdiff_t pitch = (ptrdiff_t)columns * channels;
  const int left = x < 0 ? (-x < columns ? -x : columns) : 0;
  const int end = image.w - x < columns ? (image.w - x > left ? image.w - x : left) : columns;
  for (int r = 0; r < rows; r++) {
    float* to = room + r * pitch;
    if (y + r < 0 || y + r >= image.h || end == left) {
      std::memset(to, 0, sizeof(float) * pitch);
      continue;
    }
    const float* from = image.data + ((ptrdiff_t)(y + r) * image.w + x + left) * image.pixel;
    std::memset(to, 0, sizeof(float) * left * channels);
    to += (ptrdiff_t)left * channels;
    if (image.pixel == channels) {
      copy_prefetching(to, from, (ptrdiff_t)(end - left) * channels);
      to += (ptrdiff_t)(end - left) * channels;
    } else {
      for (int i = left; i < end; i++, to += channels, from += image.pixel)
        std::memcpy(to, from, sizeof(float) * channels);
    }
    std::memset(to, 0, sizeof(float) * (columns - end) * channels);
  }
  return {room, pitch, channels};
}

}  // namespace fovea::FOVEA_ISA::conv
