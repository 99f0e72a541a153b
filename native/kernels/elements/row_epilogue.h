// The epilogue for kernels that make a row of pixels with all their channels at a time: its vectors run across
// pixels, so that the bias is needed in every rotation.
#pragma once

#include <cstring>
#include <vector>

#include "kernels/elements/epilogue.h"
#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA {

class RowEpilogue {
 public:
  /** For pixels of `channels` elements of the tensor that starts at `start`. */
  RowEpilogue(const float* start, int channels, const Epilogue& epilogue)
      : epilogue_(epilogue), channels_(channels), start_(start) {
    if (!epilogue_.bias) return;
    for (int i = 0; i < channels_ + kLanes; i++) bias_.push_back(epilogue_.bias[i % channels_]);
    epilogue_.bias = bias_.data();
  }
  RowEpilogue(const RowEpilogue&) = delete;

  /** Stores `count` pixels of sums at `out`, `step` floats from one to the next; `nontemporal`: they are whole lines, for non-temporal
   * stores. */
  void store(const float* sums, int count, ptrdiff_t step, float* out, bool nontemporal = false) const {
    const auto put = [&](const float* from, float* to, int channel, auto lanes) {
      const vf finished = finish(epilogue_, lanes.get(from), to - start_, channel, lanes);
      nontemporal ? store_nontemporal(to, finished) : lanes.put(to, finished);
    };
    if (step == channels_) {
      int channel = 0;
      const int on = kLanes % channels_;  // from a vector's first channel to that of the next
      for_lanes((int64_t)count * channels_, [&](int64_t i, auto lanes) {
        put(sums + i, out + i, channel, lanes);
        channel += channel + on < channels_ ? on : on - channels_;
      });
      return;
    }
    if (channels_ == 4 && !epilogue_.residual && !epilogue_.saved) return spread(sums, count, step, out);
    for (int i = 0; i < count; i++, sums += channels_, out += step)
      for_lanes(channels_, [&](int64_t c, auto lanes) { put(sums + c, out + c, (int)c, lanes); });
  }

 private:
  /** The same for four channels: what lies together is finished a vector at a time, then stored pixel by pixel. */
  void spread(const float* sums, int count, ptrdiff_t step, float* out) const {
    constexpr int kPixel = 4;
    static_assert(kLanes % kPixel == 0);
    for_lanes(count * kPixel, [&](int64_t i, auto lanes) {
      alignas(64) float finished[kLanes];
      fovea::FOVEA_ISA::store(finished, finish(epilogue_, lanes.get(sums + i), 0, 0, lanes));
      for (int at = 0; at < kLanes && i + at < count * kPixel; at += kPixel, out += step)
        std::memcpy(out, finished + at, kPixel * sizeof(float));
    });
  }

  Epilogue epilogue_;
  std::vector<float> bias_;
  const int channels_;
  const float* const start_;
};

}  // namespace fovea::FOVEA_ISA
