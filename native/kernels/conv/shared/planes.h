// NHWC made planar (a plane for each channel) and back, so that vectors can
// run across the pixels of a channel.
#pragma once

#include "kernels/conv/shared/padded_window.h"

namespace fovea::FOVEA_ISA::conv {

/** Of up to so many channels, shuffles of two vectors are fewer than a transposition's; AVX2 has none across 128 bits. */
constexpr int kShuffledChannels = kLanes == 16 ? 8 : 4;

/** At least `elements`, in an odd number of lines: the same pixel of all planes then does not fall into a few sets of L1. */
inline ptrdiff_t odd_lines(ptrdiff_t numbers) { return ((numbers + kLanes - 1) / kLanes | 1) * kLanes; }

/** Planes of `rows` x `pitch` elements, `size` from one to the next; after each, a vector may be read. */
struct Planes {
  int channels, rows, pitch;
  ptrdiff_t size;

  Planes(int channels, int rows, int pitch)
      : channels(channels), rows(rows), pitch(pitch), size(odd_lines((ptrdiff_t)rows * pitch + kLanes)) {}
  ptrdiff_t all() const { return channels * size; }
  /** Floats of room that take_planes() needs. */
  ptrdiff_t line_size() const { return ((ptrdiff_t)pitch + kLanes) * channels + kLanes; }
};

/** Rows y, y + y_step, ... of an image, so many pixels of each from column x on; some may lie beyond the image. */
struct PixelRows {
  int y, y_step, x, pixels;
};

/**
 * Copies such rows of the image, as many as the planes have, zeros beyond the image and after the pixels. Where planes have `step`
 * times as many channels as the image, they hold every step-th pixel: plane r * image.channels + c has channel c of the pixels r,
 * r + step, ...
 */
void take_planes(const Planes& planes, const Image& image, const PixelRows& rows, float* line, float* to);

/** to[i * channels + c] = planes[c * size + i], i < count; to has room for (count + kLanes) * channels + kLanes. */
void join_planes(const float* planes, ptrdiff_t size, int channels, int count, float* to);
/** The same with exactly so many elements written, for which `room` has room for (2 * channels + 1) * kLanes. */
void join_planes_exactly(const float* planes, ptrdiff_t size, int channels, ptrdiff_t numbers, float* to,
                         float* room);

}  // namespace fovea::FOVEA_ISA::conv
