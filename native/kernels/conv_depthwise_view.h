// What depthwise convolutions share: how channels repeat along vectors, the pieces in which a phase's places are
// taken, and how a piece sees the image: where it lies, or, at the image's sides and where a stride would put
// gaps into vectors, as a copy with zeros beyond the image and the residues of the stride apart.
#pragma once

#include <vector>

#include "conv_band.h"
#include "conv_plan.h"
#include "simd.h"

namespace fovea::FOVEA_ISA::depthwise {

/**
 * A row of pixels is taken in groups of `pixels`, which have `numbers` numbers: as many pixels as fill whole
 * vectors, or a single one where those would be too many; then its last vector may be cut off.
 */
struct Pattern {
  int channels, pixels, numbers, vectors;

  /** The plan's output has so many channels. */
  Pattern(const Plan& plan, int channels);
  /** Floats of one group's weights. */
  int padded() const { return vectors * kLanes; }
  int groups(int count) const { return (count + pixels - 1) / pixels; }
  /** Floats of a row of `count` pixels, of which, from any pixel on, whole groups and vectors can be read. */
  ptrdiff_t row_size(int count) const { return (ptrdiff_t)(count + pixels - 1) * channels + kLanes; }
  /** to[i] = values[i mod channels] */
  void repeat(const float* values, float* to) const {
    for (int i = 0; i < padded(); i++) to[i] = values[i % channels];
  }
};

/** A rectangle of one phase's places in one image; `in_place`: it reads the image where it lies. */
struct Piece {
  const AxisPhase *y, *x;
  int phase, image, y0, x0, rows, columns;
  bool in_place;
};

/** All places of a plan for `n` images of h x w, in pieces whose pixels stay in a near cache; phases take turns,
 * as they read the same pixels. */
std::vector<Piece> pieces_of(const Pattern& pattern, const Plan& plan, int n, int h, int w);

/** The pixels that a piece reads. */
struct View {
  const float* data;
  ptrdiff_t row, group;         // from a row of places to the next, from a group of places to the next
  std::vector<ptrdiff_t> taps;  // from a place's first to each of its taps
  // The taps of a row of the kernel, and from tap to tap in groups of places; 0 where that is no whole number.
  int row_taps, tap_groups;
};

/** Floats of room that take_view() needs. */
ptrdiff_t view_size(const Pattern& pattern, const Piece& piece);
/** `images` is all of them. */
View take_view(const Pattern& pattern, const Piece& piece, const Image& images, float* room);

/** to[i] = pixel (y, x + i * step) of the image, zeros beyond it and up to the row's end. */
void take_row(const Pattern& pattern, const Image& image, int y, int x, int step, int count, float* to);

}  // namespace fovea::FOVEA_ISA::depthwise
