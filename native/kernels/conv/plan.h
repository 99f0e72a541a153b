// Every convolution forward or backward in its input, with any stride, dilation and nearest-neighbour
// upsampling, as a few plain "gather" convolutions. One axis:
//
//   y[out + j * out_step] = sum over taps t of x[j * in_step + offset_t] * W_t,   j = 0 .. count-1,   0
//   outside x,
//
// where W_t is a kernel element or a sum of several. A plan's axis is a list of such phases, one for each
// residue of the output.
//
// Forward: output i reads position i*s + p*d - top of the input repeated `up` times, that is, element floor(. /
// up). With P = up / gcd(s, up) and i = P*j + r, floor((r*s + p*d - top) / up) + j * (P*s/up): P phases, and
// the kernel elements whose floors agree act as one, their sum. (3x3 after doubling: 2x2 phases of 2x2 taps,
// 16 products instead of 36.)
//
// Backward: input element i was repeated to positions i*up + a (a < up), and position v was read by output o
// through element p where o*s = v + top - p*d. With Q = s / gcd(s, up) and i = Q*j + r: for each a and p with
// s | r*up + a + top - p*d, o = (r*up + a + top - p*d) / s + j * (Q*up/s). (2x2 with stride 2: 2x2 phases of
// one tap; no zeros are ever inserted.)
#pragma once

#include <cstddef>
#include <vector>

#include "program/call.h"

namespace fovea::FOVEA_ISA::conv {

struct Tap {
  int offset;
  std::vector<int> elements;  // of the kernel along this axis, summed
};

struct AxisPhase {
  int out, out_step, count;
  int in_step;
  std::vector<Tap> taps;  // offsets ascend

  int first() const { return taps.empty() ? 0 : taps.front().offset; }
  int last() const { return taps.empty() ? 0 : taps.back().offset; }
  /** Are all taps of a row, with all their channels, neighbours in memory? */
  bool is_joined() const { return last() - first() + 1 == (int)taps.size(); }
};

/** All phases of an axis as one, whose positions are those of the first: the taps of any. */
AxisPhase all_together(const std::vector<AxisPhase>& phases);

struct Range {
  int begin, end;
  int size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

/** The taps that are in bounds of an axis of `size` elements at any of the positions [begin, end); the others read only zeros. */
Range taps_in_bounds_of(const AxisPhase& axis, int begin, int end, int size);

/** Taps in bounds of an axis of `size` elements, summed over all positions. */
double taps_in_bounds(const AxisPhase& axis, int size);

/** Positions [begin, end) of an axis, at which the same taps are in bounds: the border's, or the interior. */
struct Segment {
  int begin, end;
  Range taps;
  int size() const { return end - begin; }
};

/** All positions of an axis of the image that has `size` elements. */
std::vector<Segment> segments_of(const AxisPhase& axis, int size);

struct Plan {
  std::vector<AxisPhase> y, x;

  /** Of all phases. */
  size_t taps() const {
    size_t taps = 0;
    for (const AxisPhase& phase_y : y)
      for (const AxisPhase& phase_x : x) taps += phase_y.taps.size() * phase_x.taps.size();
    return taps;
  }
};

/** step(p, q) for the kernel elements whose sum is a tap. */
template <class Step>
void for_elements(const Tap& y, const Tap& x, Step step) {
  for (int p : y.elements)
    for (int q : x.elements) step(p, q);
}

Plan plan_forward(const ConvShape& s);
Plan plan_input_grad(const ConvShape& s);

/** The same with taps that are neighbours, though the kernel is dilated by d: a phase is d phases, whose positions are every
 * d-th of its own and read every d-th element of x. All of them have the same taps. */
Plan undilated(Plan plan);

}  // namespace fovea::FOVEA_ISA::conv
