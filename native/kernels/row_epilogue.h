// The epilogue for kernels that make a row of pixels with all their channels at a time: its vectors run across
// pixels, so that the bias is needed in every rotation.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "conv_gather.h"
#include "epilogue.h"
#include "lanes.h"

namespace fovea::FOVEA_ISA {

class RowEpilogue {
 public:
  explicit RowEpilogue(const Gather& g)
      : RowEpilogue(g.out, g.out_c, g.epilogue ? *g.epilogue : Epilogue{}) {}
  /** For pixels of `channels` numbers of the tensor that starts at `start`. */
  RowEpilogue(const float* start, int channels, const Epilogue& epilogue)
      : epilogue_(epilogue), channels_(channels), start_(start) {
    if (!epilogue_.bias) return;
    for (int i = 0; i < channels_ + kLanes; i++) bias_.push_back(epilogue_.bias[i % channels_]);
    epilogue_.bias = bias_.data();
  }
  RowEpilogue(const RowEpilogue&) = delete;

  /** Stores `count` pixels of sums at `out`, `step` numbers from one to the next. */
  void store(const float* sums, int count, ptrdiff_t step, float* out) const {
    const auto put = [&](const float* from, float* to, int channel, auto lanes) {
      lanes.put(to, finish(epilogue_, lanes.get(from), to - start_, channel, lanes));
    };
    if (step == channels_) {
      int channel = 0;
      for_lanes((int64_t)count * channels_, [&](int64_t i, auto lanes) {
        put(sums + i, out + i, channel, lanes);
        channel = (channel + kLanes) % channels_;
      });
      return;
    }
    if (channels_ <= kFew && !epilogue_.residual && !epilogue_.saved) return spread(sums, count, step, out);
    for (int i = 0; i < count; i++, sums += channels_, out += step)
      for_lanes(channels_, [&](int64_t c, auto lanes) { put(sums + c, out + c, (int)c, lanes); });
  }

 private:
  static constexpr int kFew = 4;

  /** The same for few channels: kLanes pixels are finished where they lie together, then stored one by one. */
  void spread(const float* sums, int count, ptrdiff_t step, float* out) const {
    alignas(64) float block[kLanes * kFew];
    for (int first = 0; first < count; first += kLanes) {
      const int pixels = std::min(kLanes, count - first);
      int channel = 0;
      for_lanes(pixels * channels_, [&](int64_t i, auto lanes) {
        fovea::FOVEA_ISA::store(block + i, finish(epilogue_, lanes.get(sums + i), 0, channel, lanes));
        channel = (channel + kLanes) % channels_;
      });
      sums += pixels * channels_;
      const float* from = block;
      for (int i = 0; i < pixels; i++, from += channels_, out += step) {
        if (channels_ == kFew)
          std::memcpy(out, from, kFew * sizeof(float));
        else
          for (int c = 0; c < channels_; c++) out[c] = from[c];
      }
    }
  }

  Epilogue epilogue_;
  std::vector<float> bias_;
  const int channels_;
  const float* const start_;
};

}  // namespace fovea::FOVEA_ISA
