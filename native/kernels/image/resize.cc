// resize2d (nearest and bilinear, half-pixel centres) and its adjoint. Rows are blended first, then columns
// of the blended row; the adjoint gathers, for every input row and column, the outputs that read it, so that
// no two tasks write to one place.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/simd/lanes.h"
#include "program/numbers.h"

namespace fovea::FOVEA_ISA {
namespace {

/** An output position reads (1 - fraction) x[low] + fraction x[high]. */
struct Sample {
  int64_t low, high;
  float fraction;
};

struct Resize {
  int64_t n, h, w, c, oh, ow;
  bool bilinear;
  std::vector<Sample> rows, columns;
  // For few channels, what each element of an output row reads: all in one loop over the row.
  std::vector<int32_t> low_elements, high_elements;
  std::vector<float> fractions;

  explicit Resize(Numbers numbers)
      : n(numbers.whole()),
        h(numbers.whole()),
        w(numbers.whole()),
        c(numbers.whole()),
        oh(numbers.whole()),
        ow(numbers.whole()),
        bilinear(numbers.flag()),
        rows(samples(h, oh)),
        columns(samples(w, ow)) {
    if (!bilinear || c >= kLanes) return;
    for (const Sample& s : columns)
      for (int64_t i = 0; i < c; i++) {
        low_elements.push_back(int32_t(s.low * c + i));
        high_elements.push_back(int32_t(s.high * c + i));
        fractions.push_back(s.fraction);
      }
  }

 private:
  std::vector<Sample> samples(int64_t inputs, int64_t outputs) const {
    std::vector<Sample> made;
    for (int64_t i = 0; i < outputs; i++) {
      if (!bilinear) {
        const int64_t nearest = (2 * i + 1) * inputs / (2 * outputs);
        made.push_back({nearest, nearest, 0.0f});
        continue;
      }
      const double position =
          std::clamp((double(i) + 0.5) * double(inputs) / double(outputs) - 0.5, 0.0, double(inputs - 1));
      const int64_t low = int64_t(std::floor(position));
      made.push_back({low, std::min(low + 1, inputs - 1), float(position - double(low))});
    }
    return made;
  }
};

/** y = (1 - fraction) a + fraction b */
inline void blend(const float* a, const float* b, float fraction, float* y, int64_t n) {
  const vf of_a = splat(1 - fraction), of_b = splat(fraction);
  for_lanes(
      n, [&](int64_t i, auto lanes) { lanes.put(y + i, of_a * lanes.get(a + i) + of_b * lanes.get(b + i)); });
}

void nearest_row(const Resize& r, const float* x, float* y) {
  if (r.c == 1) {
    for (int64_t j = 0; j < r.ow; j++) y[j] = x[r.columns[size_t(j)].low];
    return;
  }
  for (int64_t j = 0; j < r.ow; j++) {
    const float* from = x + r.columns[size_t(j)].low * r.c;
    for_lanes(r.c, [&](int64_t i, auto lanes) { lanes.put(y + j * r.c + i, lanes.get(from + i)); });
  }
}

void bilinear_row(const Resize& r, const float* top, const float* bottom, float fraction, float* y) {
  float* row = (float*)thread_scratch(size_t(r.w * r.c) * sizeof(float));
  blend(top, bottom, fraction, row, r.w * r.c);
  if (r.c < kLanes) {
    const int32_t *low = r.low_elements.data(), *high = r.high_elements.data();
    const float* fractions = r.fractions.data();
    for (int64_t i = 0; i < r.ow * r.c; i++)
      y[i] = (1 - fractions[i]) * row[low[i]] + fractions[i] * row[high[i]];
    return;
  }
  for (int64_t j = 0; j < r.ow; j++) {
    const Sample& s = r.columns[size_t(j)];
    blend(row + s.low * r.c, row + s.high * r.c, s.fraction, y + j * r.c, r.c);
  }
}

/** For every input position, the outputs [begin, end) that read it. */
struct Readers {
  int64_t begin, end;
};
std::vector<Readers> readers(const std::vector<Sample>& samples, int64_t inputs) {
  std::vector<Readers> made;
  const int64_t outputs = int64_t(samples.size());
  int64_t begin = 0, end = 0;
  for (int64_t i = 0; i < inputs; i++) {
    while (begin < outputs && samples[size_t(begin)].high < i) begin++;
    while (end < outputs && samples[size_t(end)].low <= i) end++;
    made.push_back({begin, end});
  }
  return made;
}

inline float weight(const Sample& s, int64_t input) {
  return (s.low == input ? 1 - s.fraction : 0.0f) + (s.high == input ? s.fraction : 0.0f);
}

/** y = sum over the readers of `input` of their weight times their n numbers, which lie `step` apart in x. */
inline void gather(const std::vector<Sample>& samples, Readers range, int64_t input, const float* x,
                   int64_t step, float* y, int64_t n) {
  for_lanes(n, [&](int64_t i, auto lanes) {
    vf sum = splat(0.0f);
    for (int64_t k = range.begin; k < range.end; k++)
      sum += splat(weight(samples[size_t(k)], input)) * lanes.get(x + k * step + i);
    lanes.put(y + i, sum);
  });
}

}  // namespace

void resize2d(const Call& call) {
  const Resize r{Numbers(call)};
  const float* x = call.operands[0];
  float* y = call.operands[1];
  const int64_t in_row = r.w * r.c, out_row = r.ow * r.c;
  parallel_rows(r.n * r.oh, out_row, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const Sample& s = r.rows[size_t(row % r.oh)];
      const float* image = x + row / r.oh * r.h * in_row;
      float* to = y + row * out_row;
      if (r.bilinear) {
        bilinear_row(r, image + s.low * in_row, image + s.high * in_row, s.fraction, to);
      } else if (row > begin && row % r.oh != 0 && r.rows[size_t(row % r.oh - 1)].low == s.low) {
        std::memcpy(to, to - out_row, size_t(out_row) * sizeof(float));
      } else {
        nearest_row(r, image + s.low * in_row, to);
      }
    }
  });
}

void resize2d_grad(const Call& call) {
  const Resize r{Numbers(call)};
  const float* dy = call.operands[0];
  float* dx = call.operands[1];
  const std::vector<Readers> row_readers = readers(r.rows, r.h), column_readers = readers(r.columns, r.w);
  const int64_t in_row = r.w * r.c, out_row = r.ow * r.c;
  parallel_rows(r.n * r.h, in_row + r.n * r.oh * out_row / std::max(r.n * r.h, int64_t{1}),
                [&](int64_t row, int64_t end) {
                  float* blended = (float*)thread_scratch(size_t(out_row) * sizeof(float));
                  for (; row < end; row++) {
                    const int64_t i = row % r.h;
                    gather(r.rows, row_readers[size_t(i)], i, dy + row / r.h * r.oh * out_row, out_row,
                           blended, out_row);
                    for (int64_t j = 0; j < r.w; j++)
                      gather(r.columns, column_readers[size_t(j)], j, blended, r.c,
                             dx + row * in_row + j * r.c, r.c);
                  }
                });
}

}  // namespace fovea::FOVEA_ISA
