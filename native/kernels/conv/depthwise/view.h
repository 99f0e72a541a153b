// What depthwise convolutions share: how channels repeat along vectors, the pieces in which a phase's positions are
// taken, the taps in bounds at each position, and where a piece finds them in the image.
#pragma once

#include <vector>

#include "kernels/conv/plan.h"
#include "kernels/conv/shared/padded_window.h"
#include "kernels/simd/simd.h"

namespace fovea::FOVEA_ISA::conv::depthwise {

/**
 * A row of pixels is taken in groups of `pixels`, which have `elements` elements: as many pixels as fill whole
 * vectors, or a single one where those would be too many or a stride parts them; then its last vector may be cut off.
 */
struct Pattern {
  int channels, pixels, elements, vectors;

  /** The plan's output has so many channels. */
  Pattern(const Plan& plan, int channels);
  /** Do weights fill much of L1, so that vectors of channels are better taken one after the other? */
  bool goes_by_vectors(const Plan& plan) const;
  /** Floats of one group's weights. The first `channels` are those of a pixel alone. */
  int padded() const { return vectors * kLanes; }
  /** to[i] = values[i mod channels] */
  void repeat(const float* values, float* to) const {
    for (int i = 0; i < padded(); i++) to[i] = values[i % channels];
  }
};

/** Those of the positions [begin, begin + count), counted from there. */
std::vector<Segment> clip(const std::vector<Segment>& segments, int begin, int count);

/** A phase of a plan, and its segments for an image of some size. */
struct Phase {
  const AxisPhase *y, *x;
  std::vector<Segment> down, across;
};

std::vector<Phase> phases_of(const Plan& plan, int h, int w);

/** A rectangle of one phase's positions in one image. */
struct Piece {
  int phase, image, y0, x0, rows, columns;
};

/** All positions of `n` images, in pieces whose pixels stay in L2, or one vector of their channels in L1;
 * phases take turns, as they read the same pixels. */
std::vector<Piece> pieces_of(const Pattern& pattern, const std::vector<Phase>& phases, int n,
                             bool by_vectors = false);

/** The pixels that a piece reads: tap (i, j) of the position in row y, group g is at data[y * row + g * group + down[i] +
 * across[j]]. */
struct View {
  const float* data;
  ptrdiff_t row, place, group;
  std::vector<ptrdiff_t> down, across;
  ptrdiff_t tap_step;  // from a tap of a row to the next; 0 where they differ
};

/** Rows of pixels that some rows of positions read, those beyond the image included. */
int window_height(const Phase& phase, int rows);
int window_width(const Phase& phase, int columns);

/** Of a copy of them that has one vector of each. */
View view_of_vectors(const Phase& phase, const Piece& piece, const float* copy);

/** `images` is all of them. */
View view_of(const Pattern& pattern, const Phase& phase, const Piece& piece, const Image& images);

}  // namespace fovea::FOVEA_ISA::conv::depthwise
