#include "kernels/conv/shared/planes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/layout/transpose.h"
#include "kernels/simd/lanes.h"

namespace fovea::FOVEA_ISA::conv {
namespace {

/** pick(), where `made` has the lanes of the vectors before kVector. */
template <class From, int kCount, int kVector, int... I>
inline __attribute__((always_inline)) vf pick_on(const vf* vectors, vf made,
                                                 std::integer_sequence<int, I...> lanes) {
  if constexpr (kVector >= kCount) {
    return made;
  } else {
    made = __builtin_shufflevector(
        made, vectors[kVector], (From::lane(I) / kLanes == kVector ? kLanes + From::lane(I) % kLanes : I)...);
    return pick_on<From, kCount, kVector + 1>(vectors, made, lanes);
  }
}
/** Lane i of the result is lane From::lane(i) of the vectors in a row, kCount of them. */
template <class From, int kCount, int... I>
inline __attribute__((always_inline)) vf pick(const vf* vectors, std::integer_sequence<int, I...> lanes) {
  if constexpr (kCount == 1) return vectors[0];
  const vf two = __builtin_shufflevector(vectors[0], vectors[kCount > 1],
                                         (From::lane(I) < 2 * kLanes ? From::lane(I) : I)...);
  return pick_on<From, kCount, 2>(vectors, two, lanes);
}

constexpr auto kAllLanes = std::make_integer_sequence<int, kLanes>();

/** Channel kChannel of pixels in kChannels vectors. */
template <int kChannels, int kChannel>
struct OfChannel {
  static constexpr int lane(int i) { return i * kChannels + kChannel; }
};
/** Vector kVector of pixels, from kChannels vectors of a channel each. */
template <int kChannels, int kVector>
struct OfPixels {
  static constexpr int number(int i) { return kVector * kLanes + i; }
  static constexpr int lane(int i) { return number(i) % kChannels * kLanes + number(i) / kChannels; }
};

template <int kChannels, int... C>
inline void part_few(const float* from, float* to, ptrdiff_t size, std::integer_sequence<int, C...>) {
  const vf pixels[] = {load(from + C * kLanes)...};
  (store(to + C * size, (pick<OfChannel<kChannels, C>, kChannels>(pixels, kAllLanes))), ...);
}

template <int kChannels, int... C>
inline void join_few(const float* from, ptrdiff_t size, float* to, std::integer_sequence<int, C...>) {
  const vf planes[] = {load(from + C * size)...};
  (store(to + C * kLanes, (pick<OfPixels<kChannels, C>, kChannels>(planes, kAllLanes))), ...);
}

template <int kChannels>
void part_row(const float* from, int count, float* to, ptrdiff_t size) {
  for (int i = 0; i < count; i += kLanes)
    part_few<kChannels>(from + i * kChannels, to + i, size, std::make_integer_sequence<int, kChannels>());
}

template <int kChannels>
void join_row(const float* from, ptrdiff_t size, int count, float* to) {
  for (int i = 0; i < count; i += kLanes)
    join_few<kChannels>(from + i, size, to + i * kChannels, std::make_integer_sequence<int, kChannels>());
}

/** to[c * size + i] = from[i * channels + c]; vectors beyond the ends are read and written. */
void part_channels(const float* from, int channels, int count, float* to, ptrdiff_t size) {
  static constexpr auto kFew = []<int... C>(std::integer_sequence<int, C...>) {
    return std::array<decltype(&part_row<1>), kShuffledChannels>{part_row<C + 1>...};
  }
  (std::make_integer_sequence<int, kShuffledChannels>());
  if (channels <= kShuffledChannels) return kFew[channels - 1](from, count, to, size);
  for (int i = 0; i < count; i += kLanes)
    for (int c = 0; c < channels; c += kLanes) {
      vf block[kLanes];
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; r++) block[r] = load(from + (ptrdiff_t)(i + r) * channels + c);
      transpose(block);
      for (int r = 0; r < std::min(kLanes, channels - c); r++) store(to + (c + r) * size + i, block[r]);
    }
}

}  // namespace

void take_planes(const Planes& p, const Image& image, const PixelRows& rows, float* line, float* to) {
  const int step = p.channels / image.channels, channels = image.channels;
  const int x = rows.x, begin = std::clamp(-x, 0, rows.pixels);
  const int end = std::clamp(image.w - x, begin, rows.pixels);
  std::fill(line, line + begin * channels, 0.0f);
  std::fill(line + end * channels, line + p.line_size(), 0.0f);
  for (int i = 0; i < p.rows; i++) {
    const int y = rows.y + i * rows.y_step;
    if (y < 0 || y >= image.h) {
      for (int c = 0; c < p.channels; c++)
        std::fill_n(to + c * p.size + (ptrdiff_t)i * p.pitch, p.pitch, 0.0f);
      continue;
    }
    copy_prefetching(line + begin * channels, image.data + ((ptrdiff_t)y * image.w + x + begin) * channels,
                     (ptrdiff_t)(end - begin) * channels);
    part_channels(line, step * channels, p.pitch, to + (ptrdiff_t)i * p.pitch, p.size);
  }
  const ptrdiff_t used = (ptrdiff_t)p.rows * p.pitch;
  for (int c = 0; c < p.channels; c++) std::fill(to + c * p.size + used, to + (c + 1) * p.size, 0.0f);
}

void join_planes(const float* planes, ptrdiff_t size, int channels, int count, float* to) {
  static constexpr auto kFew = []<int... C>(std::integer_sequence<int, C...>) {
    return std::array<decltype(&join_row<1>), kShuffledChannels>{join_row<C + 1>...};
  }
  (std::make_integer_sequence<int, kShuffledChannels>());
  if (channels <= kShuffledChannels) return kFew[channels - 1](planes, size, count, to);
  for (int i = 0; i < count; i += kLanes)
    for (int c = 0; c < channels; c += kLanes) {
      vf block[kLanes];
      for (int r = 0; r < kLanes; r++) block[r] = load(planes + std::min(c + r, channels - 1) * size + i);
      transpose(block);
      const int rest = channels - c;
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; r++) {
        float* const pixel = to + (ptrdiff_t)(i + r) * channels + c;
        // What spills over, the next pixel overwrites, unless its first channels are there already.
        if (rest >= kLanes || c == 0)
          store(pixel, block[r]);
        else
          store_partial(pixel, block[r], rest);
      }
    }
}

void join_planes_exactly(const float* planes, ptrdiff_t size, int channels, ptrdiff_t numbers, float* to,
                         float* room) {
  const int whole = (int)(numbers / channels);
  const int most =
      (std::max(whole, 1) - 1) / kLanes * kLanes;  // what these write beyond, the rest overwrites
  const ptrdiff_t rest = numbers - (ptrdiff_t)most * channels;
  join_planes(planes, size, channels, most, to);
  join_planes(planes + most, size, channels, (int)((rest + channels - 1) / channels), room);
  std::memcpy(to + (ptrdiff_t)most * channels, room, sizeof(float) * rest);
}

}  // namespace fovea::FOVEA_ISA::conv
