// pool2d and its gradient. A window's elements are visited in row-major order, a vector of channels at a
// time.
#include <algorithm>

#include "kernels/simd/lanes.h"
#include "kernels/simd/math.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

struct Pool {
  int64_t n, h, w, c, oh, ow;
  bool max;
  int64_t window_y, window_x, stride_y, stride_x, top, left;
  bool has_values;

  explicit Pool(Numbers numbers)
      : n(numbers.whole()),
        h(numbers.whole()),
        w(numbers.whole()),
        c(numbers.whole()),
        oh(numbers.whole()),
        ow(numbers.whole()),
        max(numbers.flag()),
        window_y(numbers.whole()),
        window_x(numbers.whole()),
        stride_y(numbers.whole()),
        stride_x(numbers.whole()),
        top(numbers.whole()),
        left(numbers.whole()),
        has_values(numbers.flag()) {}
};

/** The part of a window that lies inside x: rows y0 to y1 and columns x0 to x1, the ends excluded. */
struct Window {
  int64_t y0, y1, x0, x1;
  Window(const Pool& p, int64_t i, int64_t j)
      : y0(std::max(i * p.stride_y - p.top, int64_t{0})),
        y1(std::min(i * p.stride_y - p.top + p.window_y, p.h)),
        x0(std::max(j * p.stride_x - p.left, int64_t{0})),
        x1(std::min(j * p.stride_x - p.left + p.window_x, p.w)) {}
  float count() const { return float(std::max(y1 - y0, int64_t{0}) * std::max(x1 - x0, int64_t{0})); }
};

/** Calls each(offset in the image, number) for the window's pixels, in row-major order. */
template <class Each>
inline void for_each_pixel(const Pool& p, const Window& window, Each each) {
  int32_t number = 0;
  for (int64_t row = window.y0; row < window.y1; row++)
    for (int64_t column = window.x0; column < window.x1; column++) each((row * p.w + column) * p.c, number++);
}

/** Whether a value takes the place of the largest so far; a NaN counts as greater than every number, and the
 * first one stays. */
inline vi exceeds(vf value, vf largest) {
  return (value > largest) | ((value != value) & (largest == largest));
}

void max_pixel(const Pool& p, const Window& window, const float* x, const float* values, float* y) {
  for_lanes(p.c, [&](int64_t i, auto lanes) {
    vf largest = splat(-kInfinity), kept = splat(0.0f);
    for_each_pixel(p, window, [&](int64_t at, int32_t number) {
      const vf value = lanes.get(x + at + i);
      const vi better = number == 0 ? vi{} - 1 : exceeds(value, largest);
      largest = better ? value : largest;
      kept = better ? lanes.get(values + at + i) : kept;
    });
    lanes.put(y + i, kept);
  });
}

/** Sums each row of the window on its own, so that large windows keep their digits. */
void average_pixel(const Pool& p, const Window& window, const float* x, float* y) {
  const vf count = splat(window.count());
  for_lanes(p.c, [&](int64_t i, auto lanes) {
    vf total = splat(0.0f);
    for (int64_t row = window.y0; row < window.y1; row++) {
      vf sum = splat(0.0f);
      for (int64_t column = window.x0; column < window.x1; column++)
        sum += lanes.get(x + (row * p.w + column) * p.c + i);
      total += sum;
    }
    lanes.put(y + i, total / count);
  });
}

struct Span {
  int64_t begin, end;
};

/** Adds the gradients of the output pixels of `rows` to `channels` of one image's dx. */
void add_gradients(const Pool& p, const float* x, const float* dy, float* dx, Span rows, Span channels) {
  const int64_t c0 = channels.begin;
  for (int64_t i = rows.begin; i < rows.end; i++)
    for (int64_t j = 0; j < p.ow; j++) {
      const Window window(p, i, j);
      const vf share = splat(1 / window.count());
      const float* gradient = dy + (i * p.ow + j) * p.c + c0;
      for_lanes(channels.end - c0, [&](int64_t k, auto lanes) {
        const vf g = lanes.get(gradient + k);
        if (!p.max) {
          for_each_pixel(p, window, [&](int64_t at, int32_t) {
            float* to = dx + at + c0 + k;
            lanes.put(to, lanes.get(to) + g * share);
          });
          return;
        }
        vf largest = splat(-kInfinity);
        vi winner{};
        for_each_pixel(p, window, [&](int64_t at, int32_t number) {
          const vf value = lanes.get(x + at + c0 + k);
          const vi better = number == 0 ? vi{} - 1 : exceeds(value, largest);
          largest = better ? value : largest;
          winner = better ? vi{} + number : winner;
        });
        for_each_pixel(p, window, [&](int64_t at, int32_t number) {
          float* to = dx + at + c0 + k;
          lanes.put(to, lanes.get(to) + (winner == number ? g : splat(0.0f)));
        });
      });
    }
}

}  // namespace

void pool2d(const Call& call) {
  const Pool p{Numbers(call)};
  const float* x = call.operands[0];
  const float* values = p.has_values ? call.operands[1] : x;
  float* y = call.operands[p.has_values ? 2 : 1];
  parallel_rows(p.n * p.oh, p.ow * p.c * p.window_y * p.window_x, [&](int64_t row, int64_t end) {
    for (; row < end; row++) {
      const int64_t image = row / p.oh * p.h * p.w * p.c;
      for (int64_t j = 0; j < p.ow; j++) {
        float* to = y + (row * p.ow + j) * p.c;
        const Window window(p, row % p.oh, j);
        if (p.max) {
          max_pixel(p, window, x + image, values + image, to);
        } else {
          average_pixel(p, window, x + image, to);
        }
      }
    }
  });
}

void pool2d_grad(const Call& call) {
  const Pool p{Numbers(call)};
  const float *x = call.operands[0], *dy = call.operands[1];
  float* dx = call.operands[2];
  const int64_t in_row = p.w * p.c, in_image = p.h * in_row, out_image = p.oh * p.ow * p.c;

  if (p.stride_y >= p.window_y) {  // output rows share no input row: each has its own band of dx
    parallel_rows(p.n * p.oh, 2 * p.stride_y * in_row, [&](int64_t task, int64_t end) {
      for (; task < end; task++) {
        const int64_t image = task / p.oh, i = task % p.oh;
        const auto band = [&](int64_t k) {
          return k == p.oh ? p.h : std::clamp(k * p.stride_y - p.top, int64_t{0}, p.h);
        };
        const int64_t first = i == 0 ? 0 : band(i);
        float* to = dx + image * in_image;
        if (first < band(i + 1)) std::fill(to + first * in_row, to + band(i + 1) * in_row, 0.0f);
        add_gradients(p, x + image * in_image, dy + image * out_image, to, {i, i + 1}, {0, p.c});
      }
    });
    return;
  }
  constexpr int64_t kChannels = 64;
  const int64_t blocks = (p.c + kChannels - 1) / kChannels;
  parallel_rows(p.n * blocks, 2 * in_image / std::max(blocks, int64_t{1}), [&](int64_t task, int64_t end) {
    for (; task < end; task++) {
      const int64_t image = task / blocks, c0 = task % blocks * kChannels,
                    channels = std::min(kChannels, p.c - c0);
      float* to = dx + image * in_image;
      for (int64_t pixel = 0; pixel < p.h * p.w; pixel++) std::fill_n(to + pixel * p.c + c0, channels, 0.0f);
      add_gradients(p, x + image * in_image, dy + image * out_image, to, {0, p.oh}, {c0, c0 + channels});
    }
  });
}

}  // namespace fovea::FOVEA_ISA
